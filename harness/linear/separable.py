"""Logistic regression on separable data: gradient descent goes to infinity along the max margin.

Section 5 says that SGD on a linear model "will often converge to a solution with small norm". For
the squared loss it does. For the logistic loss on separable data no weights minimise the loss: the
norm grows like the logarithm of the steps, and the direction tends to that of the maximum margin
(Soudry et al. 2018, *The implicit bias of gradient descent on separable data*, theorem 3). So it is
with mini-batches at a fixed rate, if it is small enough (Nacson, Srebro & Soudry 2019, *Stochastic
gradient descent on separable data: exact convergence with a fixed learning rate*).
X is (n, d), one example a row; labels y are -1 or 1, (n,). All in float64.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy.optimize
import scipy.special

from harness.errors import HarnessError
from harness.linear.interpolation import Array

TINY = 1e-300


def logistic_descent(
    x: Array,
    y: Array,
    checkpoints: Sequence[int],
    penalty: float = 0.0,
    largest_norm: float = math.inf,
    batch: int | None = None,
) -> Array:
    """Weights (len(checkpoints), d) after so many passes of gradient descent from zero.

    The loss is the sum of log(1 + exp(-y <x, w>)), plus penalty / 2 |w|^2. The step is
    1 / smoothness, half of the largest for which descent is certain: 4 / (largest singular value of
    X)^2 without a penalty. After each step weights of more than ``largest_norm`` are scaled down to
    it: projected gradient descent. A pass is one step, or SGD in batches of ``batch`` examples, in
    a new random order each time, by the same rate.
    """
    signed, draw = x * y[:, None], np.random.default_rng(0)
    parts = [signed]
    step = 1 / (np.linalg.norm(x, 2) ** 2 / 4 + penalty)
    w, kept, done = np.zeros(x.shape[1]), [], 0
    for until in checkpoints:
        for _ in range(until - done):
            if batch:
                parts = np.split(signed[draw.permutation(len(x))], range(batch, len(x), batch))
            for part in parts:
                share = len(part) / len(x)
                w += step * (scipy.special.expit(-(part @ w)) @ part - share * penalty * w)
                w *= min(1.0, largest_norm / max(math.sqrt(w @ w), TINY))
        kept.append(w.copy())
        done = until
    return np.stack(kept)


def max_margin(x: Array, y: Array) -> Array:
    """The shortest w, (d,), with y_i <x_i, w> >= 1 for all i: its direction has margin 1 / |w|.

    Least-distance programming by non-negative least squares (Lawson & Hanson 1974, chapter 23).
    Raises HarnessError where no hyperplane through the origin separates the two classes.
    """
    signed = x * y[:, None]
    system = np.vstack([signed.T, np.ones(len(x))])
    target = np.zeros(len(system))
    target[-1] = 1
    solution, _ = scipy.optimize.nnls(system, target)
    residual = target - system @ solution
    if residual[-1] <= 1e-9:
        raise HarnessError(
            f"{len(x)} examples in {x.shape[1]} dimensions: no hyperplane through the origin"
            " separates their labels; take more dimensions than examples"
        )
    return -residual[:-1] / residual[-1]
