"""How many hidden ReLU units a function on a line needs: its kinks. Does not import torch.

A network with one hidden layer of m ReLU units is, along any line, continuous and piecewise linear
with at most m kinks, one for each unit that changes sign there. So targets on a line that need more
kinks than m are beyond it, whatever its weights. All counts are exact, in rational numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise


@dataclass(frozen=True)
class LineNetwork:
    """x -> sum over j of w_j max(a_j x - b_j, 0) + slope x + shift, on a line.

    This is what every network with one hidden layer of ReLU units computes along a line in its
    input space: the networks of Theorem 1 are the case a_j = 1, slope = shift = 0.
    """

    units: tuple[tuple[Fraction, Fraction, Fraction], ...]
    """(a_j, b_j, w_j) of each hidden unit."""
    slope: Fraction = Fraction(0)
    shift: Fraction = Fraction(0)

    def __call__(self, x: Fraction) -> Fraction:
        """The value at x."""
        hidden = sum((w * max(a * x - b, Fraction(0)) for a, b, w in self.units), Fraction(0))
        return hidden + self.slope * x + self.shift


def kinks_needed(x: Sequence[Fraction], y: Sequence[Fraction]) -> int:
    """The number of kinks that every continuous piecewise-linear function through (x, y) has.

    Let d_i be the change of slope at the i-th interior point of the linear interpolant. If d_i > 0,
    the function's slope rises somewhere between the two neighbours of that point, so a convex kink
    lies there; if d_i < 0, a concave one. Two such intervals overlap only where the points are
    neighbours. So a run of k neighbouring changes of one sign needs at least ceil(k / 2) kinks of
    that sign, and different runs need different kinks. x ascends strictly.
    """
    points = list(zip(map(Fraction, x), map(Fraction, y), strict=True))
    slopes = [(top - low) / (right - left) for (left, low), (right, top) in pairwise(points)]
    signs = [(after > before) - (after < before) for before, after in pairwise(slopes)]
    runs = [(sign, len(list(run))) for sign, run in groupby(signs)]
    return sum((length + 1) // 2 for sign, length in runs if sign)


def alternating_targets(n: int) -> tuple[list[Fraction], list[Fraction]]:
    """Points 0 ... n - 1 with targets 1, -1, 1 ...: they need n - 2 kinks, the most possible."""
    return [Fraction(i) for i in range(n)], [Fraction((-1) ** i) for i in range(n)]


def interpolant(x: Sequence[Fraction], y: Sequence[Fraction]) -> LineNetwork:
    """The network through n >= 2 points: one hidden unit per change of slope, at most n - 2."""
    points = list(zip(map(Fraction, x), map(Fraction, y), strict=True))
    slopes = [(top - low) / (right - left) for (left, low), (right, top) in pairwise(points)]
    units = tuple(
        (Fraction(1), place, after - before)
        for (place, _), before, after in zip(points[1:-1], slopes, slopes[1:], strict=False)
        if after != before
    )
    return LineNetwork(units, slopes[0], points[0][1] - slopes[0] * points[0][0])
