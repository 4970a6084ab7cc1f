"""Dense networks by hand, and the linear network of largest margin."""

import numpy as np
import pytest

from harness.capacity.measured import separating_network
from harness.capacity.rescaling import DenseNetwork
from harness.training.protocol import paper_recipe

NETWORK = DenseNetwork((2, 3, 2), seed=0)


def test_a_network_is_its_layers():
    (weight, bias), (after, last) = NETWORK.layers
    point = np.array([[1.0, -2.0]])
    hidden = np.maximum(weight @ point[0] + bias, 0)
    assert NETWORK(point, "relu")[0] == pytest.approx(after @ hidden + last)
    assert NETWORK.largest_l1_norm(1) == np.abs(after).sum(axis=1).max()


def test_relu_networks_alone_are_the_same_when_rescaled():
    assert NETWORK.is_unchanged_by(5, "relu")
    assert not NETWORK.is_unchanged_by(5, "sigmoid")
    assert NETWORK.rescaled(5).largest_l1_norm(0) == 32 * NETWORK.largest_l1_norm(0)
    assert NETWORK.rescaled(5).largest_l1_norm(1) == NETWORK.largest_l1_norm(1) / 32


def test_the_separating_network_has_the_largest_margin():
    """Points at (2, 0) and (-2, 0): w = (1/2, 0) has margin 1, the difference of the two logits."""
    points, signs = np.array([[2.0, 0.0], [-2.0, 0.0]]), np.array([1.0, -1.0])
    network = separating_network(points, signs, paper_recipe("linear", "digits", "two-groups"))
    assert network.model[1].weight.tolist() == [[-0.25, 0.0], [0.25, 0.0]]
    assert network.summary["margins"]["0"] == pytest.approx(1.0)


def test_a_large_factor_saturates_sigmoids_without_a_warning():
    assert not DenseNetwork((1, 5, 6), 999_999_999).is_unchanged_by(23, "sigmoid")
