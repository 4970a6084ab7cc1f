"""Bounds on the distance of the fitted network from its targets, without evaluating it.

u = 2^-53. Three errors add up at a point of the sample: of the construction (rounding of slopes and
of the targets' differences), of the point's place (its projection, times the slope there), and of
the sum. The sum loses most digits: its terms w_j (x - b_j) are as large as n range / gap, and
cancel. A network sums in blocks of B, and each term may be wrong by (B + n/B + 4) u. Through the
sorted breakpoints, only the last piece is summed in float64.
"""

from dataclasses import dataclass

import numpy as np

from harness.expressivity.points import Floats
from harness.expressivity.projection import ROUNDING, TINY, Direction

BLOCK = 512
"""Hinges that a network sums at a time."""
FORWARD = 8
"""At most so many roundings: of a step of the forward substitution, the slope, and the rise."""


@dataclass(frozen=True)
class ErrorBounds:
    """Bounds on the error at the sample's points, in units of the targets."""

    network: Floats
    """Of the network's forward pass, at each sorted point, shape (n,)."""
    sorted_path: Floats
    """Of the path through the sorted breakpoints, at each sorted point, shape (n,)."""


def error_bounds(
    places: Floats,
    breakpoints: Floats,
    slopes: Floats,
    quanta: Floats,
    targets: Floats,
    direction: Direction,
) -> ErrorBounds:
    """Bounds for sorted places (n,), breakpoints (n,), slopes (n, c) and targets (n, c).

    Slopes are multiples of ``quanta`` (n, c): see `hinges.slope_quanta`. Several outputs are
    bounded together, by the worst of them.
    """
    n, u = len(places), ROUNDING
    own, before = places - breakpoints, np.diff(places, prepend=breakpoints[0])
    rises = np.abs(np.diff(targets, axis=0, prepend=np.zeros((1, targets.shape[1])))).max(1)
    size = np.abs(targets).max(1)
    neighbours = (quanta * 2.0**52).max(1)
    # A slope acts up to the next breakpoint: its rounding counts there as well.
    neighbours = np.maximum(neighbours, np.r_[0.0, neighbours[:-1]])
    construction = FORWARD * u * np.cumsum(rises + neighbours * (own + before)) * (1 + n * u)
    # In units of the smallest float64: sums of such numbers are exact.
    reach = places - breakpoints[0]
    underflow = TINY * np.arange(1, n + 1) * np.ceil(4 + np.abs(places) + reach)
    steepness = np.abs(slopes).max(1)
    # A place is off by less than half a gap: it may lie past the next breakpoint, or its own.
    steepest = np.maximum(steepness, np.r_[steepness[1:], 0.0])
    past_own = own < 2 * max(direction.uncertainty, direction.uncertainty_of_product)
    steepest = np.maximum(steepest, np.where(past_own, np.r_[0.0, steepness[:-1]], 0.0))
    # A place is computed twice: when the network is made, and when it is evaluated.
    moved = 2 * direction.uncertainty * steepest
    last_piece = 4 * u * (size + steepness * own)
    off = direction.uncertainty + direction.uncertainty_of_product
    terms = _sum_of_terms(places, breakpoints, slopes, off)
    summing = (min(BLOCK, n) + -(-n // BLOCK) + 4) * u
    product = 2 * off * steepest
    return ErrorBounds(
        network=construction + underflow * 2 + product + 1.01 * summing * terms + u * size,
        sorted_path=construction + underflow + moved + last_piece,
    )


def _sum_of_terms(places: Floats, breakpoints: Floats, slopes: Floats, off: float) -> Floats:
    """The sum of |w_j| (x_i - b_j) over the hinges left of each point, shape (n,).

    An upper bound if a place may be wrong by ``off``, and so lie past the next breakpoint.
    """
    weights = np.abs(np.diff(slopes, axis=0, prepend=np.zeros((1, slopes.shape[1])))).max(1)
    total = np.cumsum(weights)
    heights = np.r_[0.0, np.cumsum(total[:-1] * np.diff(breakpoints))]
    reached = np.r_[total[1:], total[-1]]
    return (heights + total * (places - breakpoints) + off * reached) * (1 + 1e-6)
