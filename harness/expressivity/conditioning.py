"""The size of the weights of Theorem 1, and its bounds (section 4's remark).

A w = y with A lower triangular. The smallest eigenvalue of A is the least gap, but A is not normal.
Only the smallest singular value is a bound: norm of w <= norm of y / smallest singular value.

The paper may choose the breakpoints b. For b_i at the previous point x_(i-1), the limit of those
just above it, the smallest eigenvalue does bound the weights, with a factor of 4. The slope before
x_i is s_i = (y_i - y_(i-1)) / (x_i - b_i), with y_0 = 0, and w_i = s_i - s_(i-1). Taking
differences of neighbours at most doubles a norm, so norm of s <= 2 norm of y / least gap, and norm
of w <= 2 norm of s. For other b no constant factor will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from harness.expressivity.exact import Number, rational_numbers, solve_exactly
from harness.expressivity.hinges import place_breakpoints, solve_slopes, weights_of
from harness.expressivity.lemma1 import smallest_singular_value


@dataclass(frozen=True)
class WeightNorm:
    """Euclidean norms, and the two bounds on that of w."""

    placement: float
    """Share of the gap below a breakpoint; 0: just above the previous point."""
    norm: float
    eigenvalue_bound: float
    """Norm of y over the smallest eigenvalue, which is no bound."""
    singular_value_bound: float
    """Norm of y over the smallest singular value."""


def weight_norm(n: int, placement: float) -> WeightNorm:
    """For n points at unit gaps and alternating targets +1, -1, +1 ...

    Every breakpoint lies equally far below its point.
    """
    places = np.arange(1.0, n + 1)
    breakpoints = place_breakpoints(places, placement)
    breakpoints[0] = places[0] - (1 - placement)
    targets = np.asarray((-1.0) ** np.arange(n), dtype=np.float64)
    weights = weights_of(solve_slopes(places, breakpoints, targets[:, None], np.arange(n)))
    size = float(np.linalg.norm(targets))
    return WeightNorm(
        placement,
        float(np.linalg.norm(weights)),
        size / float((places - breakpoints).min()),
        size / smallest_singular_value(places, breakpoints),
    )


def eigenvalue_bounds_weights(
    points: Sequence[Number],
    breakpoints: Sequence[Number],
    targets: Sequence[Number],
    times: int = 1,
) -> bool:
    """Whether norm of w <= ``times`` norm of y / smallest eigenvalue, in rational arithmetic."""
    x, b, y = map(rational_numbers, (points, breakpoints, targets))
    weights = solve_exactly(x, b, y)
    least = min(own - other for own, other in zip(x, b, strict=True))
    return sum(w * w for w in weights) * least**2 <= times**2 * sum(target**2 for target in y)


def singular_value_bounds_weights(
    points: Sequence[Number], breakpoints: Sequence[Number], targets: Sequence[Number]
) -> bool:
    """Whether norm of w <= norm of y / smallest singular value.

    The weights are rational. The singular value is LAPACK's, whose error is at most a small
    multiple of n 2^-53 times the largest one, and is allowed for.
    """
    x, b, y = map(rational_numbers, (points, breakpoints, targets))
    weights = solve_exactly(x, b, y)
    matrix = np.maximum(np.subtract.outer(np.array(x, float), np.array(b, float)), 0.0)
    off = 8 * len(x) * 2.0**-53 * float(np.linalg.norm(matrix, 2))
    least = smallest_singular_value(np.array(x, float), np.array(b, float)) - off
    squares = sum(w * w for w in weights)
    return least <= 0 or squares * Fraction(least) ** 2 <= sum(target**2 for target in y)
