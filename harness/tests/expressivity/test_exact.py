"""Theorem 1 in rational arithmetic: exact for any distinct points, of any number type."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConflictingTargets, InvalidSample
from harness.expressivity import adversarial, exact
from harness.expressivity.audit import is_represented
from harness.expressivity.exact import breakpoints_within, fit_exactly, solve_exactly
from harness.expressivity.lemma1 import exact_matrix, interleave


@given(adversarial.samples())
def test_every_target_is_taken_exactly(sample):
    assert is_represented(sample)


@given(adversarial.samples_with_a_repetition(conflicting=True))
def test_a_point_with_two_targets_is_named(sample):
    points, targets = sample.as_lists()
    with pytest.raises(ConflictingTargets) as refused:
        fit_exactly(points, targets)
    one, other = refused.value.pair
    assert one < other == len(points) - 1
    assert points[one] == points[other] and targets[one] != targets[other]


@given(
    st.lists(adversarial.numbers().map(Fraction), min_size=1, max_size=6, unique=True).map(sorted),
    st.fractions(Fraction(1, 10**6), Fraction(999, 1000)),
    st.data(),
)
def test_forward_substitution_solves_the_system_of_lemma_1(places, placement, data):
    targets = data.draw(st.lists(st.fractions(), min_size=len(places), max_size=len(places)))
    breakpoints = breakpoints_within(places, placement)
    assert interleave(places, breakpoints)
    weights = solve_exactly(places, breakpoints, targets)
    for row, target in zip(exact_matrix(places, breakpoints), targets, strict=True):
        assert sum(a * w for a, w in zip(row, weights, strict=True)) == target


POINTS = [[0, 200], [255, 1], [7, 7]]


@pytest.mark.parametrize(
    "points",
    [
        np.array(POINTS, dtype=np.uint8),
        np.array(POINTS, dtype=np.int64) * 2**50,
        np.array(POINTS, dtype=np.float32) / 3,
        torch.tensor(POINTS) / 7,
        [[Fraction(1, 3), 0.1], [np.int64(2), np.float32(0.1)], [np.uint8(255), 3]],
    ],
    ids=["uint8", "int64", "float32", "tensor", "mixed"],
)
def test_numbers_of_any_kind_are_exact(points):
    network = fit_exactly(points, np.array([1, 2, 3], dtype=np.uint8))
    values = network(points)
    assert values == [1, 2, 3]
    assert all(type(value.numerator) is int for value in values)
    assert network.count == 2 * 3 + 2


@pytest.mark.parametrize("placement", [0.3, Fraction(1, 7), 1e-300, 0.999])
def test_any_placement_is_exact(placement):
    points, targets = [[0.1], [0.2], [0.7], [1e9]], [0.3, -1, 1e-9, 7]
    assert fit_exactly(points, targets, placement=placement)(points) == targets


def test_repeated_points_are_merged_with_a_warning(caplog):
    network = fit_exactly([[1, 0], [2, 2], [1.0, -0.0]], [5, 6, 5])
    assert network.count == 2 * 2 + 2
    assert caplog.messages == ["1 repeated points were merged, the first: 2 repeats 0"]


def test_powers_separate_points_if_random_directions_fail(monkeypatch):
    monkeypatch.setattr(exact, "TRIES", 0)
    points = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 2, 0]]  # (1, 1, 1) and (1, 2, 4) do not
    network = fit_exactly(points, [1, 2, 3, 4])
    assert network.direction == (1, 3, 9)
    assert network(points) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("points", "targets", "message"),
    [
        ([], [], "0 points"),
        ([[], []], [1, 2], "should be n points"),
        ([[1], [1, 2]], [1, 2], "should be n points"),
        ([[1], [2]], [1], "1 targets"),
        ([1, 2], [1, 2], "points should be finite numbers"),
        ([[1], [2]], [[1], [2]], "targets should be finite numbers"),
        ([[float("nan")]], [1], "points should be finite"),
        ([[1]], [float("inf")], "targets should be finite"),
    ],
)
def test_invalid_samples_are_refused(points, targets, message):
    with pytest.raises(InvalidSample, match=message):
        fit_exactly(points, targets)


@pytest.mark.parametrize("placement", [0, 1, -0.1, 2, float("nan")])
def test_a_placement_on_a_point_is_refused(placement):
    with pytest.raises(InvalidSample, match="placement"):
        fit_exactly([[1]], [1], placement=placement)
