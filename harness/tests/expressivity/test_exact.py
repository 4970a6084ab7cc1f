"""Theorem 1 in rational arithmetic: exact for any distinct points, of any number type."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from harness.expressivity import exact
from harness.expressivity.exact import fit_exactly

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


def test_powers_separate_points_if_random_directions_fail(monkeypatch):
    monkeypatch.setattr(exact, "TRIES", 0)
    points = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 2, 0]]  # (1, 1, 1) and (1, 2, 4) do not
    network = fit_exactly(points, [1, 2, 3, 4])
    assert network.direction == (1, 3, 9)
    assert network(points) == [1, 2, 3, 4]
