"""Theorem 1 and Corollary 1 checked: weights counted, values computed by the modules."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from harness.data.randomization import corrupt_labels
from harness.data.sources import load
from harness.data.streams import LABELS, stream
from harness.errors import ConflictingTargets, NotSeparated
from harness.expressivity.adversarial import Sample
from harness.expressivity.corollary1 import (
    Construction,
    fit_corollary1,
    fit_corollary1_exactly,
    weight_bound,
    width_bound,
)
from harness.expressivity.exact import fit_exactly
from harness.expressivity.lemma1 import interleave
from harness.expressivity.network import HingeNetwork
from harness.expressivity.points import Floats, Indices
from harness.expressivity.theorem1 import Fit, fit_theorem1

CLOSE = 2.0**-27
"""Float64 may refuse two points closer than this, relative to the largest coordinate.

Rounding takes 2^-51 d^2 of it; the rest allows for directions that bring them close by chance.
"""
TOO_STEEP = 2.0**860
"""Float64 may refuse a larger slope."""
FAR_FROM_ZERO = 2.0**800
"""Float64 may refuse a larger target of the first point: its slope starts a mean gap below."""


@dataclass(frozen=True)
class Representation:
    """A sample, and the network of Theorem 1 through it."""

    n: int
    d: int
    outputs: int
    weights: int
    """Parameters of the module."""
    network_error: float
    """Largest error of the module's forward pass at the sample, in units of the targets."""
    network_bound: float
    """Its bound, from the weights alone."""
    sorted_error: float
    """The same through the sorted breakpoints."""
    sorted_bound: float
    within_bounds: bool
    """Whether both errors are within their bounds at every point."""
    interleaved: bool


def represent(
    points: ArrayLike, targets: ArrayLike, seed: int = 0
) -> tuple[Representation, Floats, Indices]:
    """Build the network through points (n, d) and targets (n,) or (n, c), and measure it.

    Also the module's values at the distinct points, and their indices.
    """
    fit = fit_theorem1(points, targets, seed=seed)
    order = fit.projection.order
    sample = np.asarray(points, dtype=np.float64)[order]
    values = forward(fit, sample)
    by_network, by_breakpoints = _error(values, fit), _error(fit.evaluate(sample), fit)
    bounds = fit.bounds
    within = (by_network <= bounds.network) & (by_breakpoints <= bounds.sorted_path)
    seen = Representation(
        n=fit.n,
        d=sample.shape[1],
        outputs=fit.targets.shape[1],
        weights=sum(parameter.numel() for parameter in fit.network.parameters()),
        network_error=float(by_network.max()),
        network_bound=float(bounds.network.max()),
        sorted_error=float(by_breakpoints.max()),
        sorted_bound=float(bounds.sorted_path.max()),
        within_bounds=bool(within.all()),
        interleaved=interleave(fit.projection.places, fit.breakpoints),
    )
    return seen, values, order


def forward(fit: Fit, points: Floats) -> Floats:
    """The module's values at points (m, d)."""
    with torch.no_grad():
        return fit.network(torch.from_numpy(points)).numpy()


def _error(values: Floats, fit: Fit) -> Floats:
    return np.abs(values.reshape(fit.n, -1) - fit.targets).max(axis=1)


def labelled_images(
    dataset: str, root: Path | None, labels: Literal["true", "random"], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The training images of a dataset, as bytes (n, d), and labels (n,).

    Of the embedded digits also the test images.
    """
    images = load(dataset, root)
    pixels, classes = images.train_images, images.train_labels
    if images.spec.embedded:
        pixels = torch.cat([pixels, images.test_images])
        classes = torch.cat([classes, images.test_labels])
    if labels == "random":
        classes = corrupt_labels(classes, 1.0, images.spec.classes, stream(seed, LABELS))
    return pixels.flatten(1).numpy(), classes.numpy()


def represent_labels(
    dataset: str, root: Path | None, labels: Literal["true", "random"], seed: int, one_hot: bool
) -> tuple[Representation, float]:
    """Fit the labels of a dataset, as numbers or one-hot; also the share that is recovered.

    A label is recovered if the module's output, rounded, equals it. One-hot, its output is largest.
    """
    points, classes = labelled_images(dataset, root, labels, seed)
    targets = np.eye(int(classes.max()) + 1)[classes] if one_hot else classes
    seen, values, order = represent(points, targets, seed)
    found = values.argmax(axis=1) if one_hot else np.rint(values)
    return seen, float(np.mean(found == classes[order]))


def is_represented(sample: Sample) -> bool:
    """Whether the construction takes every target exactly, in rational arithmetic.

    False if equal points have different targets.
    """
    points, targets = sample.as_lists()
    try:
        network = fit_exactly(points, targets)
    except ConflictingTargets:
        return False
    distinct = len({tuple(row) for row in points})
    right = network(points) == [Fraction(target) for target in targets]
    return right and network.count == 2 * distinct + len(points[0])


def conflict_is_named(sample: Sample) -> bool:
    """Whether both arithmetics refuse equal points with different targets, and name such a pair."""
    points, targets = sample.as_lists()
    for build in (fit_exactly, fit_theorem1):
        try:
            build(points, targets)
        except ConflictingTargets as refused:
            one, other = refused.pair
            if points[one] != points[other] or targets[one] == targets[other]:
                return False
        else:
            return False
    return True


def is_fitted_or_refused(sample: Sample) -> bool:
    """Whether float64 stays within its bounds with 2n + d weights, or refuses two close points."""
    try:
        seen, *_ = represent(sample.points, sample.targets)
    except NotSeparated as refused:
        return _is_hard(sample, *refused.pair)
    counted = seen.weights == 2 * seen.n + seen.d
    return seen.within_bounds and counted and seen.interleaved


def _is_hard(sample: Sample, one: int, other: int) -> bool:
    """Whether two points are too close for float64, or their targets too far apart."""
    size = Fraction(float(np.abs(sample.points).max()))
    rows, targets = sample.as_lists()
    if one == other:
        return abs(targets[one]) > FAR_FROM_ZERO
    distance = max(
        abs(Fraction(a) - Fraction(b)) for a, b in zip(rows[one], rows[other], strict=True)
    )
    rise = abs(Fraction(targets[one]) - Fraction(targets[other])) + abs(Fraction(targets[one]))
    return distance <= Fraction(CLOSE) * size or rise * size > Fraction(TOO_STEEP) * distance


def weights_of_theorem1(n: int, d: int) -> int:
    """Parameters of the module of Theorem 1 for n points in d dimensions."""
    network = HingeNetwork(np.zeros(d), np.zeros(n), np.zeros(n))
    return sum(parameter.numel() for parameter in network.parameters())


def deep_network_realises(sample: Sample, depth: int, construction: Construction) -> bool:
    """Whether Corollary 1 holds for a sample of distinct points, in rational arithmetic.

    Every target exactly, the depth asked for, width and non-zero weights within the constants.
    """
    points, targets = sample.as_lists()
    network, places, wanted = fit_corollary1_exactly(points, targets, depth, construction)
    n, d = len(places), len(network.direction)
    return (
        bool((network.at(places) == wanted).all())
        and network.depth == depth
        and max(network.widths) <= width_bound(n, depth, construction)
        and network.nonzero_weights <= weight_bound(n, d, construction)
    )


def reached_with_a_hinge_fewer(sample: Sample, depth: int) -> bool:
    """Whether the running sum without its last hinge still takes every target, exactly.

    The control of Corollary 1: the last target is outside its span, except by chance.
    """
    points, targets = sample.as_lists()
    network, places, wanted = fit_corollary1_exactly(points, targets, depth, "running sum")
    weights, bias = network.layers[-1]
    # The last layer's inputs begin with its hinges.
    hinges = len(np.array_split(np.arange(len(places)), depth - 1)[-1])
    fewer = weights.copy()
    fewer[0, hinges - 1] = 0
    without = replace(network, layers=(*network.layers[:-1], (fewer, bias)))
    return bool((without.at(places) == wanted).all())


@dataclass(frozen=True)
class DeepRepresentation:
    """A network of Corollary 1 through the labels of a dataset."""

    n: int
    d: int
    depth: int
    width: int
    nonzero_weights: int
    recovered: float
    """Share of the labels that the module's output, rounded, equals."""
    error: float


def deep_labels(
    dataset: str, root: Path | None, depth: int, construction: Construction, seed: int
) -> DeepRepresentation:
    """Fit random labels of a dataset by a network of that depth, in float64."""
    points, classes = labelled_images(dataset, root, "random", seed)
    network = fit_corollary1(points, classes, depth, construction, seed=seed)
    with torch.no_grad():
        values = network.network(torch.from_numpy(points.astype(np.float64)))[:, 0].numpy()
    return DeepRepresentation(
        n=len(points),
        d=points.shape[1],
        depth=network.depth,
        width=max(network.widths),
        nonzero_weights=network.nonzero_weights,
        recovered=float(np.mean(np.rint(values) == classes)),
        error=float(np.abs(values - classes).max()),
    )
