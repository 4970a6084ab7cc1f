"""Corollary 1 checked: targets, depth, width and weights of the networks that are built."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from harness.expressivity.adversarial import Sample
from harness.expressivity.audit import labelled_images
from harness.expressivity.corollary1 import (
    Construction,
    fit_corollary1,
    fit_corollary1_exactly,
    weight_bound,
    width_bound,
)


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
