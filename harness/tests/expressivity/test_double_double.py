"""Error-free transformations, against rational arithmetic."""

from fractions import Fraction

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.expressivity.piecewise import prefix_sums, two_product, two_sum

ANY = st.floats(-1e150, 1e150)
# The error of a product is a float64 where it does not underflow.
NOT_TINY = st.floats(1e-100, 1e100) | st.floats(-1e100, -1e-100)


def pair(function, a, b):
    return [part.item() for part in function(np.array([a]), np.array([b]))]


@given(ANY, ANY)
def test_a_sum_and_its_error_are_the_exact_sum(a, b):
    high, low = pair(two_sum, a, b)
    assert high == a + b
    assert Fraction(high) + Fraction(low) == Fraction(a) + Fraction(b)


@given(NOT_TINY, NOT_TINY)
def test_a_product_and_its_error_are_the_exact_product(a, b):
    high, low = pair(two_product, a, b)
    assert high == a * b
    assert Fraction(high) + Fraction(low) == Fraction(a) * Fraction(b)


def wrong_by(terms, lows, sums, corrections):
    """The largest error of prefix sums, over the sum of the terms' sizes."""
    exact = size = Fraction(0)
    worst = Fraction(0)
    for term, low, high, correction in zip(terms, lows, sums, corrections, strict=True):
        exact += Fraction(term) + Fraction(low)
        size += abs(Fraction(term)) + abs(Fraction(low))
        off = abs(Fraction(high) + Fraction(correction) - exact)
        worst = max(worst, off / size if size else off)
    return worst


def lists(*arrays):
    return [array.ravel().tolist() for array in arrays]


@given(
    hnp.arrays(np.float64, st.integers(1, 150), elements=st.floats(-1e50, 1e50)),
    st.floats(-1e-20, 1e-20),
)
def test_prefix_sums_are_as_accurate_as_in_twice_the_precision(terms, share):
    n, lows = len(terms), terms * share
    sums = prefix_sums(terms[:, None], lows[:, None])
    # Below 2^-1022 the low parts themselves are rounded.
    assert wrong_by(*lists(terms, lows, *sums)) <= Fraction(4 * n * n, 2**106) + Fraction(1, 10**60)
