"""The fitted function on the line: linear pieces between breakpoints, looked up in log n."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.expressivity.double_double import prefix_sums, two_product, two_sum


@dataclass(frozen=True)
class PiecewiseLinear:
    """Zero left of the first breakpoint, then a line from each breakpoint to the next."""

    breakpoints: NDArray[np.float64]
    """Ascending, shape (n,)."""
    slopes: NDArray[np.float64]
    """Right of each breakpoint, shape (n, c)."""
    heights: NDArray[np.float64]
    """The value at each breakpoint, shape (n, c)."""
    corrections: NDArray[np.float64]
    """The rounding errors of the heights, shape (n, c)."""

    @classmethod
    def from_slopes(
        cls, breakpoints: NDArray[np.float64], slopes: NDArray[np.float64]
    ) -> "PiecewiseLinear":
        """Sum up the heights by error-free transformations."""
        heights, corrections = np.zeros_like(slopes), np.zeros_like(slopes)
        if len(slopes) > 1:
            width, width_low = two_sum(breakpoints[1:, None], -breakpoints[:-1, None])
            width, width_low = (np.broadcast_to(w, slopes[:-1].shape) for w in (width, width_low))
            rise, rise_low = two_product(slopes[:-1], width)
            rise_low += slopes[:-1] * width_low
            heights[1:], corrections[1:] = prefix_sums(rise, rise_low)
        return cls(breakpoints, slopes, heights, corrections)

    def __call__(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values (m, c) at places (m,), in any order."""
        piece = np.searchsorted(self.breakpoints, places, side="right") - 1
        inside = np.maximum(piece, 0)
        rise = self.slopes[inside] * (places - self.breakpoints[inside])[:, None]
        values = self.heights[inside] + (self.corrections[inside] + rise)
        values[piece < 0] = 0.0
        return values
