"""Small instances for the report's figures: plain numbers."""

from typing import Any

import numpy as np

from harness.expressivity.corollary1 import Construction, fit_corollary1
from harness.expressivity.theorem1 import fit_theorem1

PLACES = [0.1, 0.16, 0.34, 0.45, 0.62, 0.7, 0.93]
TARGETS = [1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0]


def fitted_function(placement: float) -> dict[str, Any]:
    """Theorem 1 through seven points on a line: points, breakpoints, and the function's corners.

    With breakpoints in the middle of the gaps the corners swing further and further out.
    """
    fit = fit_theorem1(np.array(PLACES)[:, None], TARGETS, placement=placement)
    scale = PLACES[0] / fit.projection.places[0]
    corners = np.r_[fit.breakpoints, fit.projection.places[-1]]
    return {
        "placement": placement,
        "points": PLACES,
        "targets": TARGETS,
        "breakpoints": (fit.breakpoints * scale).tolist(),
        "corners": (corners * scale).tolist(),
        "values": fit.function(corners)[:, 0].tolist(),
    }


def depth_and_width(
    n: int, d: int, depths: list[int], construction: Construction, seed: int
) -> dict[str, Any]:
    """Width and non-zero weights of Corollary 1 for n random points in d dimensions."""
    generator = np.random.default_rng(seed)
    points, targets = generator.normal(size=(n, d)), generator.normal(size=n)
    networks = [fit_corollary1(points, targets, depth, construction) for depth in depths]
    return {
        "construction": construction,
        "n": n,
        "d": d,
        "depth": [network.depth for network in networks],
        "width": [max(network.widths) for network in networks],
        "weights": [network.nonzero_weights for network in networks],
    }
