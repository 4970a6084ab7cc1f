"""Kinks on a line: the bound is exact where it is known, and no network beats it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.expressivity.kinks import interpolant, kinks_needed

NUMBERS = st.fractions(min_value=-8, max_value=8, max_denominator=8)
POINTS = st.lists(NUMBERS, min_size=2, max_size=12, unique=True).map(sorted)


@pytest.mark.parametrize(
    ("y", "kinks"),
    [
        ([], 0),
        ([3], 0),
        ([3, 1], 0),
        ([0, 1, 2, 3, 4], 0),
        ([0, 0, 1, 2], 1),
        ([4, 1, 0, 1, 4], 2),  # three convex changes; two kinks, between the points, suffice
        ([9, 4, 1, 0, 1, 4, 9], 3),
        ([0, 1, 0, 1, 0], 3),
        ([0, 1, 0, 0, 1, 0], 3),
    ],
)
def test_the_count_by_hand(y, kinks):
    assert kinks_needed(range(len(y)), y) == kinks


@given(POINTS, st.data())
def test_the_interpolant_goes_through_every_point(x, data):
    y = data.draw(st.lists(NUMBERS, min_size=len(x), max_size=len(x)))
    network = interpolant(x, y)
    assert [network(place) for place in x] == y
    assert kinks_needed(x, y) <= len(network.units) <= len(x) - 2
