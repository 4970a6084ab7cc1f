"""Looking at Corollary 1 from outside: depth, width and weights are counted in the module."""

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
from harness.expressivity.sequential import linear_layers, nonzero_parameters


def deep_network_realises(sample: Sample, depth: int, construction: Construction) -> bool:
    """Whether Corollary 1 holds for a sample of distinct points, counted, in rational arithmetic.

    Every target exactly; the depth asked for; width and non-zero weights within the constants, as
    counted in a module of the weights' signs, since some weights are beyond float64.
    """
    points, targets = sample.as_lists()
    network, places, wanted = fit_corollary1_exactly(points, targets, depth, construction)
    n, d = len(places), len(network.direction)
    module = network.signs.network
    layers = linear_layers(module)
    widths = [layer.out_features for layer in layers[1:-1]]
    return (
        bool((network.at(places) == wanted).all())
        and len(layers) - 1 == depth
        and layers[0].out_features == 1
        and layers[0].bias is None
        and max(widths) <= width_bound(n, depth, construction)
        and nonzero_parameters(module) <= weight_bound(n, d, construction)
    )


def reached_with_a_hinge_fewer(sample: Sample, depth: int) -> bool:
    """The control of Corollary 1: the running sum without its last hinge, in rational arithmetic.

    Whether it still takes every target; the last one is outside its span, but by chance.
    """
    points, targets = sample.as_lists()
    network, places, wanted = fit_corollary1_exactly(points, targets, depth, "running sum")
    weights, bias = network.layers[-1]
    # The last layer's inputs begin with its hinges, and the last hinge is the last of these.
    hinges = len(np.array_split(np.arange(len(places)), depth - 1)[-1])
    fewer = weights.copy()
    fewer[0, hinges - 1] = 0
    without = replace(network, layers=(*network.layers[:-1], (fewer, bias)))
    return bool((without.at(places) == wanted).all())


@dataclass(frozen=True)
class DeepRepresentation:
    """A module of Corollary 1 through the labels of a dataset, counted."""

    n: int
    d: int
    depth: int
    width: int
    nonzero_weights: int
    recovered: float
    """Share of the labels that the module's output, rounded, is."""
    error: float


def deep_labels(
    dataset: str, root: Path | None, depth: int, construction: Construction, seed: int
) -> DeepRepresentation:
    """Fit random labels of a dataset by a network of that depth, in float64."""
    points, classes = labelled_images(dataset, root, "random", seed)
    module = fit_corollary1(points, classes, depth, construction, seed=seed).network
    with torch.no_grad():
        values = module(torch.from_numpy(points.astype(np.float64)))[:, 0].numpy()
    layers = linear_layers(module)
    return DeepRepresentation(
        n=len(points),
        d=points.shape[1],
        depth=len(layers) - 1,
        width=max(layer.out_features for layer in layers[1:-1]),
        nonzero_weights=nonzero_parameters(module),
        recovered=float(np.mean(np.rint(values) == classes)),
        error=float(np.abs(values - classes).max()),
    )
