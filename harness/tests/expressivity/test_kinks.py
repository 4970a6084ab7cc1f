"""Kinks on a line: how many targets need, by hand."""

import pytest

from harness.expressivity.kinks import kinks_needed


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
