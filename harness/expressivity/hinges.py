"""The 1-dimensional problem of Theorem 1: hinges max(x - b_j, 0) whose sum takes given values.

Points x_1 < ... < x_n and breakpoints b_1 < x_1 < b_2 < x_2 ... make the matrix of Lemma 1. Its
system A w = y is solved by its structure. Between b_i and b_(i+1) the sum is a line, whose slope
S_i follows from the one before:

    S_i (x_i - b_i) = (y_i - y_(i-1)) - S_(i-1) (b_i - x_(i-1)),

Then w_i = S_i - S_(i-1). An error in S_(i-1) is multiplied by -(b_i - x_(i-1)) / (x_i - b_i).
With breakpoints in the middle of the gaps that is -1, and slopes oscillate undamped. Just above the
previous point it vanishes, and the weights are second differences of the targets: the default.
"""

import numpy as np
from scipy.linalg import lapack

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity.points import Floats, Indices

JUST_ABOVE = 0.0
"""Place each breakpoint at the next float64 above the previous point."""
LARGEST_SLOPE = 2.0**900
"""Above it, products would overflow on the way."""


def place_breakpoints(places: Floats, placement: float) -> Floats:
    """Breakpoints (n,) for ascending places (n,): ``placement`` is the share of the gap below.

    0 means just above the previous point. The first lies one mean gap below the first point. Raises
    InvalidSample for a placement outside [0, 1).
    """
    if not 0 <= placement < 1:
        raise InvalidSample(f"placement = {placement}, but it should be in [0, 1)")
    n = len(places)
    breakpoints = np.empty(n)
    mean_gap = (places[-1] - places[0]) / (n - 1) if n > 1 else 1.0
    breakpoints[0] = places[0] - max(mean_gap, 4 * np.spacing(abs(places[0])))
    previous, own = places[:-1], places[1:]
    breakpoints[1:] = np.nextafter(previous, np.inf)
    if placement > 0:
        inside = previous + placement * (own - previous)
        np.clip(inside, breakpoints[1:], np.nextafter(own, -np.inf), out=breakpoints[1:])
    return breakpoints


def solve_slopes(places: Floats, breakpoints: Floats, targets: Floats, order: Indices) -> Floats:
    """Slopes (n, c) right of each breakpoint, for targets (n, c), by forward substitution.

    ``order`` names the points in errors. Raises NotSeparated for a slope above 2^900.
    """
    n = len(places)
    band = np.zeros((2, n))
    band[0] = places - breakpoints
    band[1, :-1] = breakpoints[1:] - places[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        rises = np.diff(targets, axis=0, prepend=np.zeros((1, targets.shape[1])))
        slopes, _ = lapack.dtbtrs(band, rises, uplo="L")
    too_steep = ~(np.abs(slopes) < LARGEST_SLOPE).all(axis=1)
    if too_steep.any():
        at = int(np.argmax(too_steep))
        one, other = int(order[max(at - 1, 0)]), int(order[at])
        raise NotSeparated(
            one,
            other,
            f"the slope {'up to its target' if one == other else 'between them'} is too steep for"
            " float64 (over 2^900): scale the targets down, or keep placement below one half",
        )
    return slopes


def representable(slopes: Floats, quanta: Floats) -> Floats:
    """Round slopes (n, c) to `slope_quanta`, so that their differences are float64 exactly.

    Rounding w_i = S_i - S_(i-1) leaves an error in every later slope, and these add up. Instead
    each slope is rounded to 53 bits below the largest of itself and its neighbours. The weights are
    then exact, and so is every sum of the first i of them.
    """
    return np.rint(slopes / quanta) * quanta


def slope_quanta(slopes: Floats) -> Floats:
    """2^-52 times a power of two that is no less than a slope and its neighbours, (n, c)."""
    size = np.abs(slopes)
    largest = size.copy()
    np.maximum(largest[1:], size[:-1], out=largest[1:])
    np.maximum(largest[:-1], size[1:], out=largest[:-1])
    mantissa, exponent = np.frexp(largest)
    exponent -= mantissa == 0.5
    exponent[largest == 0] = -1022
    return np.ldexp(1.0, np.maximum(exponent - 52, -1074))


def weights_of(slopes: Floats) -> Floats:
    """Weights (n, c): the differences of slopes that `representable` has rounded; exact."""
    return np.diff(slopes, axis=0, prepend=np.zeros((1, slopes.shape[1])))
