"""Kinks on a line: the bound is exact where it is known, and no network beats it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.expressivity.kinks import LineNetwork, alternating_targets, interpolant, kinks_needed

NUMBERS = st.fractions(min_value=-8, max_value=8, max_denominator=8)
POINTS = st.lists(NUMBERS, min_size=2, max_size=12, unique=True).map(sorted)
UNITS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=6).map(tuple)


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


def test_two_kinks_do_suffice_for_three_convex_changes():
    """The count is attained between the points: slopes -3, 0 and 3 with kinks at 4/3 and 8/3."""
    network = LineNetwork(
        ((Fraction(1), Fraction(4, 3), Fraction(3)), (Fraction(1), Fraction(8, 3), Fraction(3))),
        slope=Fraction(-3),
        shift=Fraction(4),
    )
    values = [network(Fraction(x)) for x in range(5)]
    assert values == [4, 1, 0, 1, 4]
    assert kinks_needed(range(5), values) == 2


@pytest.mark.parametrize("n", [2, 3, 4, 50])
def test_alternating_targets_need_as_many_as_there_are_interior_points(n):
    assert kinks_needed(*alternating_targets(n)) == n - 2


@given(POINTS, UNITS, NUMBERS, NUMBERS)
def test_no_network_has_more_kinks_than_hidden_units(x, units, slope, shift):
    network = LineNetwork(units, slope, shift)
    assert kinks_needed(x, [network(place) for place in x]) <= len(units)


@given(POINTS, st.data())
def test_the_interpolant_goes_through_every_point(x, data):
    y = data.draw(st.lists(NUMBERS, min_size=len(x), max_size=len(x)))
    network = interpolant(x, y)
    assert [network(place) for place in x] == y
    assert kinks_needed(x, y) <= len(network.units) <= len(x) - 2


@pytest.mark.parametrize(("x", "y"), [([0, 1], [1]), ([0, 0], [1, 2]), ([1, 0], [1, 2])])
def test_points_that_do_not_ascend_are_refused(x, y):
    with pytest.raises(HarnessError, match="strictly"):
        kinks_needed(x, y)


def test_no_points_are_refused():
    with pytest.raises(HarnessError, match="n = 0"):
        alternating_targets(0)
