"""Distances to the nearest image of the same class."""

import numpy as np
import pytest

from harness.data.separation import nearest_in_class
from harness.errors import DataError


def test_it_agrees_with_all_pairs():
    draw = np.random.default_rng(0)
    images, labels = draw.standard_normal((60, 3, 4, 4)), np.arange(60) % 3
    flat = images.reshape(60, -1)
    between = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    between[(labels[:, None] != labels[None]) | np.eye(60, dtype=bool)] = np.inf
    assert nearest_in_class(images, labels) == pytest.approx(between.min(1))


def test_a_class_of_one_image_is_refused():
    with pytest.raises(DataError, match="class 1 has a single image"):
        nearest_in_class(np.zeros((3, 4)), [0, 0, 1])
