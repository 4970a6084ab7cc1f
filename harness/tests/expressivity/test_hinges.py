"""The problem on the line: breakpoints, slopes, weights, and the function that they make."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity.hinges import (
    JUST_ABOVE,
    place_breakpoints,
    representable,
    slope_quanta,
    solve_slopes,
    weights_of,
)
from harness.expressivity.lemma1 import interleave
from harness.expressivity.piecewise import PiecewiseLinear

PLACEMENTS = [JUST_ABOVE, 1e-300, 0.25, 0.5, 0.9, 1 - 2**-53]
U = Fraction(1, 2**53)


def sample(n, seed=0, outputs=2):
    generator = np.random.default_rng(seed)
    return np.sort(generator.normal(size=n)), generator.normal(size=(n, outputs))


def solved(places, targets, placement):
    breakpoints = place_breakpoints(places, placement)
    return breakpoints, solve_slopes(places, breakpoints, targets, np.arange(len(places)))


@pytest.mark.parametrize("places", [[1.0, 1 + 2**-50], [-1e300, 1e300], [0.0, 5e-324 * 3], [7e15]])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_breakpoints_fit_into_any_gap(places, placement):
    assert interleave(places, place_breakpoints(np.array(places), placement).tolist())


def test_placement_is_the_share_of_the_gap():
    places = np.array([0.0, 1.0, 3.0])
    assert place_breakpoints(places, 0.25).tolist() == [-1.5, 0.25, 1.5]
    assert place_breakpoints(places, JUST_ABOVE).tolist() == [-1.5, 5e-324, 1 + 2**-52]


@pytest.mark.parametrize("placement", [-0.1, 1, np.nan])
def test_other_placements_are_refused(placement):
    with pytest.raises(InvalidSample, match=r"placement = .* in \[0, 1\)"):
        place_breakpoints(np.arange(3.0), placement)


SLOPES = st.lists(
    st.floats(-1e250, 1e250) | st.integers(-3, 3).map(float), min_size=1, max_size=20
).map(lambda numbers: np.array(numbers)[:, None])


@given(SLOPES)
def test_weights_are_the_differences_of_slopes_exactly(slopes):
    quanta = slope_quanta(slopes)
    rounded = representable(slopes, quanta)
    total = Fraction(0)
    for weight, slope in zip(
        weights_of(rounded)[:, 0].tolist(), rounded[:, 0].tolist(), strict=True
    ):
        total += Fraction(weight)
        assert total == Fraction(slope)
    assert (np.abs(rounded - slopes) <= quanta / 2).all()


@given(SLOPES)
def test_slopes_are_rounded_as_finely_as_their_neighbours_allow(slopes):
    size = np.abs(slopes[:, 0])
    padded = np.r_[0.0, size, 0.0]
    largest = np.max([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    quanta = slope_quanta(slopes)[:, 0]
    assert (np.frexp(quanta)[0] == 0.5).all()
    assert (quanta * 2.0**52 >= largest).all()
    assert (quanta <= np.maximum(largest * 2.0**-51, 2.0**-1074)).all()


def test_a_slope_too_steep_is_refused_with_its_two_points():
    places, order = np.array([0.0, 1.0, 1.0 + 2**-40, 2.0]), np.array([7, 5, 3, 1])
    targets = np.array([[0.0], [0.0], [1e290], [0.0]])
    with pytest.raises(NotSeparated, match="points 5 and 3: the slope between") as refused:
        solve_slopes(places, place_breakpoints(places, JUST_ABOVE), targets, order)
    assert refused.value.pair == (5, 3)
    with pytest.raises(NotSeparated, match="point 7: the slope up to its target"):
        solve_slopes(places, place_breakpoints(places, 0.0), np.full((4, 1), 1e290), order)


def value_at(place, breakpoints, slopes):
    """The sum of hinges in rational arithmetic, and the size of its last piece."""
    total, size, before = Fraction(0), Fraction(0), Fraction(0)
    for b, slope in zip(breakpoints.tolist(), slopes.tolist(), strict=True):
        run = max(Fraction(place) - Fraction(b), Fraction(0))
        total += (Fraction(slope) - before) * run
        before = Fraction(slope)
        size = abs(before * run) if run else size
    return total, size


@pytest.mark.parametrize("placement", [JUST_ABOVE, 0.5])
@pytest.mark.parametrize("n", [1, 2, 20])
def test_the_pieces_are_the_sum_of_hinges_anywhere_on_the_line(n, placement):
    places, targets = sample(n, seed=n)
    breakpoints, slopes = solved(places, targets, placement)
    function = PiecewiseLinear.from_slopes(breakpoints, slopes)
    total = np.zeros(2, dtype=object)
    for i, (high, low) in enumerate(zip(function.heights, function.corrections, strict=True)):
        if i:
            width = Fraction(breakpoints[i]) - Fraction(breakpoints[i - 1])
            total += [Fraction(slope) * width for slope in slopes[i - 1].tolist()]
        for column in range(2):
            off = Fraction(high[column]) + Fraction(low[column]) - total[column]
            assert abs(off) <= U * U * 10**6
    left, right = breakpoints[0], places[-1]
    anywhere = np.r_[
        places, breakpoints, np.linspace(left - 2, right + 2, 12), left - 1e9, right + 1e9
    ]
    values = function(anywhere)
    assert values.shape == (len(anywhere), 2)
    for column in range(2):
        for place, value in zip(anywhere.tolist(), values[:, column].tolist(), strict=True):
            exact, size = value_at(place, breakpoints, slopes[:, column])
            assert abs(Fraction(value) - exact) <= 4 * U * (abs(exact) + size) + U * U * 10**6
    assert (values[anywhere <= left] == 0).all()
