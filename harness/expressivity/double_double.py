"""Error-free transformations: sums and products of float64 with their rounding errors kept.

Knuth's and Dekker's transformations as in Ogita, Rump & Oishi, *Accurate sum and dot product*
(SIAM J. Sci. Comput. 26, 2005). Arguments are arrays of one shape; nothing may overflow
(products: both factors below 2^990).
"""

import math

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

    As accurate as if summed in twice the working precision, then rounded (algorithm Sum2). Blocks
    are summed side by side, so that NumPy has about sqrt(n) steps of work instead of n.
    """
    n = len(high)
    length = n if n <= 64 else math.isqrt(n)
    blocks = -(-n // length)
    padding = [(0, blocks * length - n)] + [(0, 0)] * (high.ndim - 1)
    terms = [
        np.ascontiguousarray(
            np.pad(part, padding).reshape(blocks, length, *high.shape[1:]).swapaxes(0, 1)
        )
        for part in (high, low)
    ]
    total, error = np.zeros_like(terms[0][0]), np.zeros_like(terms[0][0])
    for step in range(length):
        total, rounding = two_sum(total, terms[0][step])
        error = error + (rounding + terms[1][step])
        terms[0][step], terms[1][step] = total, error
    if blocks > 1:
        before_high, before_low = prefix_sums(total, error)
        sums, rounding = two_sum(terms[0][:, 1:], before_high[:-1])
        terms[0][:, 1:] = sums
        terms[1][:, 1:] += rounding + before_low[:-1]
    result = [part.swapaxes(0, 1).reshape(-1, *high.shape[1:])[:n] for part in terms]
    return result[0], result[1]
