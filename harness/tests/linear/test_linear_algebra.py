"""Interpolation, Hessians, trajectories: the harness's part, against numpy."""

import numpy as np
import pytest
import torch

from harness.errors import HarnessError
from harness.linear import hessian, interpolation, trajectory
from harness.linear.losses import LOSSES, SMOOTH


def system(n=4, d=9, seed=0):
    x = interpolation.examples_matrix(n, d, np.linspace(1, 3, min(n, d)), seed)
    return x, np.random.default_rng(seed).standard_normal(n)


def test_examples_have_the_given_singular_values():
    x = interpolation.examples_matrix(3, 7, np.array([5.0, 2.0]), 0)
    np.testing.assert_allclose(np.linalg.svd(x)[1], [5.0, 2.0, 0.0], atol=1e-12)
    assert interpolation.rank(x) == 2
    assert interpolation.solution_dimensions(x) == 5


def test_the_minimum_norm_solution_is_numpys():
    x, y = system()
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(interpolation.pseudo_inverse_solution(x, y), expected, atol=1e-12)
    np.testing.assert_allclose(interpolation.gram_solution(x, y), expected, atol=1e-12)


def test_another_solution_lies_at_the_given_distance():
    x, y = system()
    w = interpolation.gram_solution(x, y)
    other = interpolation.another_solution(x, w, 3.0, seed=1)
    assert interpolation.misfit(x, y, other) < 1e-12
    distance = np.linalg.norm(other - w)
    assert distance == pytest.approx(3.0 * max(np.linalg.norm(w), 1.0))
    square, its = system(4, 4)
    w = interpolation.gram_solution(square, its)
    np.testing.assert_array_equal(interpolation.another_solution(square, w, 3.0, seed=1), w)


def test_the_part_off_the_span_is_orthogonal_to_every_example():
    x, _ = system()
    rest = interpolation.off_span(x, np.ones(9))
    np.testing.assert_allclose(x @ rest, 0, atol=1e-13)
    assert np.linalg.norm(rest) > 0.1
    np.testing.assert_allclose(interpolation.off_span(x, x[2]), 0, atol=1e-13)


def test_dependent_examples_have_no_unique_solution():
    x, y = system(4, 3)
    with pytest.raises(HarnessError, match="4 examples has rank 3"):
        interpolation.gram_solution(x, y)


@pytest.mark.parametrize("loss", SMOOTH)
def test_smooth_losses_are_least_at_the_target(loss):
    y = torch.tensor([-1.5, 0.3, 2.0], dtype=torch.float64)
    np.testing.assert_allclose(LOSSES[loss].slope(y, y).numpy(), 0, atol=1e-12)
    here = float(LOSSES[loss].value(y, y))
    assert float(LOSSES[loss].value(y + 0.1, y)) > here < float(LOSSES[loss].value(y - 0.1, y))


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


def test_off_interpolation_the_hessian_depends_on_the_weights():
    x, y = system()
    w = interpolation.gram_solution(x, y)
    one = hessian.risk_hessian(x, y, w, "quartic")
    assert hessian.distance(one, hessian.risk_hessian(x, y, w + x[0], "quartic")) > 0.01


def test_flattest_is_the_ratio_of_extreme_eigenvalues():
    assert hessian.flattest(np.diag([4.0, 0.0])) == 0
    assert hessian.flattest(np.diag([4.0, -1.0])) == 0.25
    assert hessian.flattest(np.diag([0.0, 4.0, -2.0, 0.0]), curved=2) == 0
    assert hessian.flattest(np.diag([0.0, 4.0, -2.0, 0.0]), curved=1) == 0.5


def test_a_trajectory_by_hand():
    x, y = np.array([[1.0, 2.0]]), np.array([3.0])
    path = trajectory.sgd_trajectory(x, y, "squared", [np.array([0])] * 2, [0.1, 0.1], np.zeros(2))
    np.testing.assert_allclose(path, [[0, 0], [0.3, 0.6], [0.45, 0.9]])
    assert trajectory.distance_from_span(x, path) < 1e-15
    off = trajectory.distance_from_span(x, path + np.array([2.0, -1.0]))
    assert off > 0.5


def test_a_diverging_trajectory_ends_early():
    x, y = np.array([[1.0, 2.0]]), np.array([3.0])
    steps = np.full(400, 10.0)
    batches = [np.array([0])] * 400
    path = trajectory.sgd_trajectory(x, y, "quartic", batches, steps, np.zeros(2))
    assert 2 < len(path) < 400 and np.isfinite(path).all()


def test_optimisers_reach_the_minimum_norm_solution_or_leave_the_span():
    x, y = system()
    w = trajectory.sgd_solution(x, y, 500, seed=0)
    np.testing.assert_allclose(w, interpolation.gram_solution(x, y), atol=1e-8)
    once = trajectory.adam_solution(x, y, 1, rate=0.05)
    np.testing.assert_allclose(once, 0.05 * np.sign(x.T @ y), rtol=1e-4)
    w = trajectory.adam_solution(x, y, 200, rate=0.05)
    assert interpolation.misfit(x, y, w) < 0.1
    assert trajectory.distance_from_span(x, w[None]) > 0.01
