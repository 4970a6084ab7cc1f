"""Error-free transformations: sums and products of float64 with their rounding errors kept.

Knuth's and Dekker's transformations as in Ogita, Rump & Oishi, *Accurate sum and dot product*
(SIAM J. Sci. Comput. 26, 2005). Arguments are arrays of one shape; nothing may overflow
(products: both factors below 2^990).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SPLITTER = 2.0**27 + 1


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """fl(a + b) and its error: a + b = high + low exactly."""
    high = a + b
    other = high - a
    return high, (a - (high - other)) + (b - other)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """fl(a * b) and its error: a * b = high + low exactly, but for underflow."""
    high = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low
    return high, low


def _split(a: Array) -> tuple[Array, Array]:
    scaled = SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def prefix_sums(high: Array, low: Array) -> tuple[Array, Array]:
    """All sums of the first i + 1 terms high + low, along the first axis, as pairs.

    As accurate as if summed in twice the working precision, then rounded (algorithm Sum2).
    """
    sums = np.cumsum(high, axis=0)
    before = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    _, rounding = two_sum(before, high)
    return sums, np.cumsum(rounding + low, axis=0)
