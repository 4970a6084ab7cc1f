"""What the constructions take, and what they refuse."""

import logging

import numpy as np
import pytest
import torch

from harness.errors import ConflictingTargets, InvalidSample
from harness.expressivity.points import as_points, as_targets, merge_equal, whole_number


@pytest.mark.parametrize(
    "points",
    [
        [[0, 200], [255, 1]],
        np.array([[0, 200], [255, 1]], dtype=np.uint8),
        np.array([[0, 200], [255, 1]], dtype=np.float32),
        torch.tensor([[0, 200], [255, 1]]),
        np.array([[0, 255], [200, 1]]).T,
    ],
    ids=["list", "uint8", "float32", "tensor", "transposed"],
)
def test_numbers_of_any_kind_keep_their_values(points):
    array = as_points(points)
    assert array.dtype == np.float64 and array.flags.c_contiguous
    np.testing.assert_array_equal(array, [[0.0, 200.0], [255.0, 1.0]])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1.0, np.nan]], r"points\[0, 1\] = nan.*drop that row"),
        ([[1.0], [-np.inf]], r"points\[1, 0\] = -inf"),
        ([1.0, 2.0], r"shape \(2,\).*reshape"),
        (np.empty((0, 3)), r"shape \(0, 3\)"),
        (np.empty((3, 0)), r"shape \(3, 0\)"),
        ([[1], [1, 2]], "real numbers"),
        ([["1"]], "real numbers"),
        ([[1j]], "real numbers"),
        (None, "real numbers"),
        ([[2**53 + 1]], "integer 9007199254740993"),
        (np.array([[-(2**63)]]), "integer -9223372036854775808"),
        (np.array([[2**64 - 1]], dtype=np.uint64), "integer 18446744073709551615"),
        (np.ones((1, 1), dtype=np.longdouble), "more digits than float64"),
        (torch.ones(1, 1, requires_grad=True), "detach"),
    ],
)
def test_points_that_cannot_be_fitted_are_refused(points, message):
    with pytest.raises(InvalidSample, match=message):
        as_points(points)


@pytest.mark.parametrize(
    "targets", [3.0, [1.0], np.ones((2, 2, 2)), np.ones((2, 0)), np.ones((3, 1))]
)
def test_targets_of_another_shape_are_refused(targets):
    with pytest.raises(InvalidSample, match=r"should be \(2,\) or \(2, c\)"):
        as_targets(targets, 2)


def test_targets_may_be_a_column_or_several():
    assert as_targets([1, 2], 2).shape == (2,)
    assert as_targets([[1, 2], [3, 4]], 2).shape == (2, 2)
    with pytest.raises(InvalidSample, match=r"targets\[1\] = inf"):
        as_targets([1, np.inf], 2)


def test_integers_up_to_two_to_the_53_are_kept():
    assert as_points([[2**53], [-(2**53)]]).ravel().tolist() == [2.0**53, -(2.0**53)]


POINTS = np.array([[1.0, 0.0], [2.0, 2.0], [1.0, -0.0], [3.0, 3.0], [2.0, 2.0], [1.0, 0.0]])


def test_equal_points_are_merged_and_told(caplog):
    targets = np.array([[1.0], [2.0], [1.0], [3.0], [2.0], [1.0]])
    merged = merge_equal(POINTS, targets, np.array([5, 4, 2, 1, 0]))
    assert merged.kept.tolist() == [0, 1, 3]
    assert merged.pairs == ((0, 2), (1, 4), (0, 5))
    with caplog.at_level(logging.WARNING):
        merged.say()
    assert caplog.messages == ["3 repeated points were merged, the first: 2 repeats 0"]


def test_nothing_is_told_where_nothing_was_merged(caplog):
    merged = merge_equal(POINTS[:2], np.zeros((2, 1)), np.array([0, 1]))
    merged.say()
    assert merged.kept.tolist() == [0, 1]
    assert caplog.messages == []


def test_equal_points_with_different_targets_are_named():
    targets = np.array([[1.0], [2.0], [1.0], [3.0], [2.0], [1.5]])
    with pytest.raises(ConflictingTargets, match=r"points 0 and 5 .* 1\.0 and 1\.5") as refused:
        merge_equal(POINTS, targets, np.arange(6))
    assert refused.value.pair == (0, 5)


@pytest.mark.parametrize("value", [-1, 1.0, "2", None, True, np.nan])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(InvalidSample, match=r"seed = .* integer from 0 up"):
        whole_number(value, "seed", 0)


def test_numpys_whole_numbers_are_taken():
    assert whole_number(np.int64(3), "directions", 1) == 3
