"""Trajectories of SGD on a linear model: their distance from the span of the data, and their ends.

Section 5: ``w <- w - step * e_i x_i`` with e_i the loss's slope at example i.
"""

import numpy as np

from harness.linear.interpolation import Array, off_span
from harness.linear.losses import LOSSES

BLOWN_UP = 1e100
"""A gradient of this size ends a diverging trajectory."""


def sgd_trajectory(
    x: Array, y: Array, loss: str, batches: list[Array], steps: Array, start: Array
) -> Array:
    """Weights (t + 1, d), or (t + 1, d, k), along torch.optim.SGD on the mean loss of these batches
    of indices, with these step sizes, for any loss.
    """
    import torch

    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    weights = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weights])
    path = [weights.detach().numpy().copy()]
    for batch, step in zip(batches, steps, strict=True):
        optimizer.zero_grad()
        (LOSSES[loss].value(inputs[batch] @ weights, targets[batch]) / len(batch)).backward()
        assert weights.grad is not None
        if not float(weights.grad.abs().max()) < BLOWN_UP:
            break
        optimizer.param_groups[0]["lr"] = float(step)
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    return np.stack(path)


def distance_from_span(x: Array, path: Array) -> float:
    """The largest part of a trajectory off the span of x, relative to its largest weights.

    A column of weights (t + 1, d, k) is followed as weights (t + 1, d) are.
    """
    columns = path.reshape(*path.shape[:2], -1)
    largest = np.linalg.norm(columns, axis=1).max()
    away = max(np.linalg.norm(off_span(x, it), axis=0).max() for it in columns)
    return float(away / max(largest, np.finfo(float).tiny))


def sgd_solution(x: Array, y: Array, passes: int, seed: int, start: Array | None = None) -> Array:
    """The end of SGD on the squared loss, one example at a time in a new random order each pass.

    The step is 1 / max |x_i|^2, below the 2 / max |x_i|^2 from which it may diverge.
    """
    draw = np.random.default_rng(seed)
    step = 1 / np.square(x).sum(1).max()
    w = np.zeros((x.shape[1], *y.shape[1:])) if start is None else start.astype(float)
    for _ in range(passes):
        for i in draw.permutation(len(x)):
            w -= step * np.multiply.outer(x[i], x[i] @ w - y[i])
    return w


def adam_solution(x: Array, y: Array, steps: int, rate: float = 0.01) -> Array:
    """The end of torch.optim.Adam on the squared loss, all examples at once, from zero."""
    import torch

    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=rate)
    for _ in range(steps):
        # By formula: half the time of autograd on systems as small as the claims'.
        weights.grad = inputs.mT @ (inputs @ weights.detach() - targets) / len(x)
        optimizer.step()
    return weights.detach().numpy()
