"""Logistic regression on separable data: the maximum margin, and the way to it."""

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.linear.separable import logistic_descent, max_margin


def separable(n, d, seed):
    draw = np.random.default_rng(seed)
    return draw.standard_normal((n, d)), draw.choice([-1.0, 1.0], n)


def test_the_maximum_margin_is_that_of_a_support_vector_machine():
    """The bias of scikit-learn's is a last input of 1 here, which LinearSVC regularises as well."""
    from sklearn.svm import LinearSVC

    x, y = separable(12, 15, 0)
    machine = LinearSVC(C=1e6, loss="hinge", dual=True, fit_intercept=False, max_iter=1_000_000)
    assert max_margin(x, y) == pytest.approx(machine.fit(x, y).coef_[0], abs=1e-4)


def test_labels_that_no_hyperplane_separates_are_refused():
    x = np.array([[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(HarnessError, match="no hyperplane"):
        max_margin(x, np.array([1.0, -1.0]))


def test_the_first_step_is_that_of_autograd():
    import torch

    x, y = separable(8, 12, 1)
    w = torch.zeros(12, dtype=torch.float64, requires_grad=True)
    margins = torch.from_numpy(y) * (torch.from_numpy(x) @ w)
    torch.nn.functional.softplus(-margins).sum().backward()
    rate = 4 / np.linalg.norm(x, 2) ** 2
    assert logistic_descent(x, y, [1])[0] == pytest.approx(-rate * w.grad.numpy())


@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_a_pass_in_batches_takes_each_example_once(penalty):
    """All in one batch is gradient descent; tiny steps hardly depend on the batches."""
    x, y = separable(8, 12, 1)
    full = logistic_descent(x, y, [20], penalty)
    assert logistic_descent(x, y, [20], penalty, batch=8) == pytest.approx(full)
    in_batches = logistic_descent(x, y, [20], penalty, batch=3)
    assert 1e-4 < np.abs(in_batches - full).max() < 0.1 * np.abs(full).max()


def test_with_a_penalty_it_ends_where_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression

    x, y = separable(20, 12, 2)
    end = logistic_descent(x, y, [5_000], penalty=0.5)[0]
    model = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10, max_iter=10_000).fit(x, y)
    assert end == pytest.approx(model.coef_[0], abs=1e-6)


def test_projected_descent_ends_at_the_best_point_of_the_ball():
    """The gradient at the end points outward along the weights: no step within the ball helps."""
    x, y = separable(8, 5, 0)
    (free,) = logistic_descent(x, y, [200])
    (w,) = logistic_descent(x, y, [2_000], largest_norm=0.5)
    signed = x * y[:, None]
    downhill = signed.T @ (1 / (1 + np.exp(signed @ w)))
    assert np.linalg.norm(free) > 0.5 == pytest.approx(np.linalg.norm(w))
    assert downhill / np.linalg.norm(downhill) == pytest.approx(w / np.linalg.norm(w), abs=1e-9)
