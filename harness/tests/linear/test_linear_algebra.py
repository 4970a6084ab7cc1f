"""Interpolation, Hessians, trajectories: the harness's part, against numpy."""

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.linear import hessian, interpolation, trajectory
from harness.linear.losses import SMOOTH


def system(n=4, d=9, seed=0):
    x = interpolation.examples_matrix(n, d, np.linspace(1, 3, min(n, d)), seed)
    return x, np.random.default_rng(seed).standard_normal(n)


def test_the_minimum_norm_solution_is_numpys():
    x, y = system()
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(interpolation.pseudo_inverse_solution(x, y), expected, atol=1e-12)
    np.testing.assert_allclose(interpolation.gram_solution(x, y), expected, atol=1e-12)


def test_dependent_examples_have_no_unique_solution():
    x, y = system(4, 3)
    with pytest.raises(HarnessError, match="4 examples has rank 3"):
        interpolation.gram_solution(x, y)


def test_the_squared_losss_hessian_is_the_covariance():
    x, y = system()
    expected = x.T @ x / len(x)
    np.testing.assert_allclose(hessian.interpolation_hessian(x, y, "squared"), expected, atol=1e-12)
    away = hessian.risk_hessian(x, y, np.ones(9), "squared")
    np.testing.assert_allclose(away, expected, atol=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", SMOOTH)
def test_the_formula_is_autograds_hessian(loss, outputs):
    draw = np.random.default_rng(outputs)
    x, y = draw.standard_normal((3, 5)), draw.uniform(-2, 2, (3, outputs))
    w = np.linalg.pinv(x) @ y
    formula = hessian.interpolation_hessian(x, y, loss)
    assert hessian.distance(formula, hessian.risk_hessian(x, y, w, loss)) < 1e-10
    coupled = np.abs(formula.reshape(5, outputs, 5, outputs)[:, 0, :, -1]).max() > 1e-3
    assert coupled == (outputs == 1 or loss == "softmax")


def test_a_trajectory_by_hand():
    x, y = np.array([[1.0, 2.0]]), np.array([3.0])
    path = trajectory.sgd_trajectory(x, y, "squared", [np.array([0])] * 2, [0.1, 0.1], np.zeros(2))
    np.testing.assert_allclose(path, [[0, 0], [0.3, 0.6], [0.45, 0.9]])
    assert trajectory.distance_from_span(x, path) < 1e-15
    off = trajectory.distance_from_span(x, path + np.array([2.0, -1.0]))
    assert off > 0.5
