"""The Hessian of the empirical risk ``(1/n) sum_i loss(x_i w, y_i)``, by formula and by autograd.

Section 5: at every interpolating w it is ``(1/n) X^T diag(beta) X``, beta_i the loss's second
derivative at z = y_i. With k outputs beta_i is a (k, k) matrix B_i and the Hessian
``(1/n) sum_i (x_i x_i^T) kron B_i`` for weights (d, k) read row by row.
"""

from typing import TYPE_CHECKING

import numpy as np

from harness.linear.interpolation import Array
from harness.linear.losses import LOSSES

if TYPE_CHECKING:
    import torch

LEAK = 0.1


def risk_hessian(x: Array, y: Array, w: Array, loss: str) -> Array:
    """By autograd, (d k, d k), at weights w (d,) or (d, k)."""
    import torch
    from torch.autograd.functional import hessian

    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    value = LOSSES[loss].value

    def risk(weights: "torch.Tensor") -> "torch.Tensor":
        return value(inputs @ weights.view(w.shape), targets) / len(x)

    return hessian(risk, torch.from_numpy(w).flatten()).numpy()


def interpolation_hessian(x: Array, y: Array, loss: str) -> Array:
    """By the paper's formula, (d k, d k), which does not depend on the weights."""
    import torch
    from torch.autograd.functional import hessian

    targets = torch.from_numpy(y if y.ndim == 2 else y[:, None])
    outputs = targets.shape[1]
    value = LOSSES[loss].value
    total = np.zeros((x.shape[1] * outputs,) * 2)
    for row, target in zip(x, targets.split(1), strict=True):
        beta = hessian(lambda z, y=target: value(z, y), target).view(outputs, outputs)
        total = total + np.kron(np.outer(row, row), beta.numpy())
    return total / len(x)


def distance(one: Array, other: Array) -> float:
    """Frobenius distance relative to the larger of the two."""
    scale = max(np.linalg.norm(one), np.linalg.norm(other), np.finfo(float).tiny)
    return float(np.linalg.norm(one - other) / scale)


def flattest(hessian: Array, curved: int | None = None) -> float:
    """Smallest over largest eigenvalue, in absolute value: 0 if the Hessian is degenerate.

    With ``curved``, the largest after so many eigenvalues: 0 if the rank is at most that.
    """
    values = np.sort(np.abs(np.linalg.eigvalsh(hessian)))
    at = 0 if curved is None else len(values) - 1 - curved
    return float(values[at] / max(values[-1], np.finfo(float).tiny))


def two_layer_hessians(x: Array, y: Array, width: int, factor: float, seed: int) -> list[Array]:
    """Hessians of a two-layer network's squared loss, at two weights of the same function.

    The second has its first layer times ``factor`` and its second layer divided by it. The loss is
    zero at both if ``width`` is at least n. Leaky ReLUs, because plain ones may all be dead.
    """
    import torch
    from torch.autograd.functional import hessian
    from torch.nn.functional import leaky_relu

    draw = np.random.default_rng(seed)
    first = draw.standard_normal((x.shape[1], width))
    hidden = np.where(x @ first > 0, x @ first, LEAK * (x @ first))
    second = np.linalg.lstsq(hidden, y, rcond=None)[0]
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def risk(weights: "torch.Tensor") -> "torch.Tensor":
        layer = weights[: first.size].view(first.shape)
        outputs = leaky_relu(inputs @ layer, LEAK) @ weights[first.size :]
        return (outputs - targets).square().mean() / 2

    points = (np.concatenate([(first * c).ravel(), second / c]) for c in (1.0, factor))
    return [hessian(risk, torch.from_numpy(point)).numpy() for point in points]
