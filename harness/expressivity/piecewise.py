"""The fitted function on the line: linear pieces between breakpoints, looked up in log n.

Sums and products of float64 keep their rounding errors: Knuth's and Dekker's transformations as in
Ogita, Rump & Oishi, *Accurate sum and dot product* (SIAM J. Sci. Comput. 26, 2005). Nothing may
overflow (products: both factors below 2^990).
"""

from dataclasses import dataclass

import numpy as np

from harness.expressivity.points import Floats

SPLITTER = 2.0**27 + 1


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """fl(a + b) and its error: a + b = high + low exactly."""
    high = a + b
    other = high - a
    return high, (a - (high - other)) + (b - other)


def two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """fl(a * b) and its error: a * b = high + low exactly, but for underflow."""
    high = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low
    return high, low


def _split(a: Floats) -> tuple[Floats, Floats]:
    scaled = SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def prefix_sums(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """All sums of the first i + 1 terms high + low, along the first axis, as pairs.

    As accurate as if summed in twice the working precision, then rounded (algorithm Sum2).
    """
    sums = np.cumsum(high, axis=0)
    before = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    _, rounding = two_sum(before, high)
    return sums, np.cumsum(rounding + low, axis=0)


@dataclass(frozen=True)
class PiecewiseLinear:
    """Zero left of the first breakpoint, then a line from each breakpoint to the next."""

    breakpoints: Floats
    """Ascending, shape (n,)."""
    slopes: Floats
    """Right of each breakpoint, shape (n, c)."""
    heights: Floats
    """The value at each breakpoint, shape (n, c)."""
    corrections: Floats
    """The rounding errors of the heights, shape (n, c)."""

    @classmethod
    def from_slopes(cls, breakpoints: Floats, slopes: Floats) -> "PiecewiseLinear":
        """Sum up the heights by error-free transformations."""
        heights, corrections = np.zeros_like(slopes), np.zeros_like(slopes)
        if len(slopes) > 1:
            width, width_low = two_sum(breakpoints[1:, None], -breakpoints[:-1, None])
            width, width_low = (np.broadcast_to(w, slopes[:-1].shape) for w in (width, width_low))
            rise, rise_low = two_product(slopes[:-1], width)
            rise_low += slopes[:-1] * width_low
            heights[1:], corrections[1:] = prefix_sums(rise, rise_low)
        return cls(breakpoints, slopes, heights, corrections)

    def __call__(self, places: Floats) -> Floats:
        """Values (m, c) at places (m,), in any order."""
        piece = np.searchsorted(self.breakpoints, places, side="right") - 1
        inside = np.maximum(piece, 0)
        rise = self.slopes[inside] * (places - self.breakpoints[inside])[:, None]
        values = self.heights[inside] + (self.corrections[inside] + rise)
        values[piece < 0] = 0.0
        return values
