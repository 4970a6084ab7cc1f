"""Points and targets: what is accepted, refused and merged."""

import numpy as np
import pytest
import torch

from harness.errors import ConflictingTargets, InvalidSample
from harness.expressivity.points import as_points, as_targets, merge_equal


@pytest.mark.parametrize(
    "points",
    [
        [[0, 200], [255, 1]],
        np.array([[0, 200], [255, 1]], dtype=np.uint8),
        torch.tensor([[0, 200], [255, 1]]),
        np.array([[0, 255], [200, 1]]).T,
    ],
    ids=["list", "uint8", "tensor", "transposed"],
)
def test_points_of_any_type_keep_their_values(points):
    array = as_points(points)
    assert array.dtype == np.float64 and array.flags.c_contiguous
    np.testing.assert_array_equal(array, [[0.0, 200.0], [255.0, 1.0]])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1.0, np.nan]], r"points\[0, 1\] = nan.*drop that row"),
        ([1.0, 2.0], r"shape \(2,\).*flatten"),
        (np.empty((0, 3)), r"shape \(0, 3\)"),
        (np.empty((3, 0)), r"shape \(3, 0\)"),
        ([[1], [1, 2]], "real numbers"),
        (torch.ones(1, 1, requires_grad=True), "detach"),
    ],
)
def test_invalid_points_are_refused(points, message):
    with pytest.raises(InvalidSample, match=message):
        as_points(points)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([1.0], "2 points and 1 targets"),
        (np.ones((2, 2, 2)), r"should be \(2,\) or \(2, c\)"),
        ([1, np.inf], r"targets\[1\] = inf"),
    ],
)
def test_invalid_targets_are_refused(targets, message):
    with pytest.raises(InvalidSample, match=message):
        as_targets(targets, 2)


POINTS = np.array([[1.0, 0.0], [2.0, 2.0], [1.0, -0.0], [3.0, 3.0], [2.0, 2.0], [1.0, 0.0]])


def test_equal_points_are_merged_with_a_warning(caplog):
    targets = np.array([[1.0], [2.0], [1.0], [3.0], [2.0], [1.0]])
    assert merge_equal(POINTS, targets, np.array([5, 4, 2, 1, 0])).tolist() == [0, 1, 3]
    assert caplog.messages == ["3 repeated points were merged, the first: 2 repeats 0"]
    caplog.clear()
    assert merge_equal(POINTS[:2], targets, np.array([0, 1])).tolist() == [0, 1]
    assert caplog.messages == []


def test_equal_points_with_different_targets_are_named():
    targets = np.array([[1.0], [2.0], [1.0], [3.0], [2.0], [1.5]])
    with pytest.raises(ConflictingTargets, match=r"points 0 and 5 .* 1\.0 and 1\.5") as refused:
        merge_equal(POINTS, targets, np.arange(6))
    assert refused.value.pair == (0, 5)
