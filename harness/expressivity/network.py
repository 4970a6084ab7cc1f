"""The networks of Theorem 1 and of Corollary 1 as modules."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.expressivity.bounds import BLOCK
from harness.expressivity.points import Floats

POINTS = 1_024
"""Points that are evaluated at a time, so that POINTS x BLOCK numbers stay in the cache."""


class HingeNetwork(torch.nn.Module):
    """c(z) = sum over j of w_j max(<a, z> - b_j, 0): the network of Theorem 1 (Appendix C).

    n + n + d weights for one output, n c + n + d for c of them; all of them are its parameters.
    Computes as written, hinge by hinge, in blocks: m points take O(m n) time and O(m + n) memory.
    """

    def __init__(self, direction: Floats, breakpoints: Floats, weights: Floats) -> None:
        super().__init__()
        self.direction = torch.nn.Parameter(torch.tensor(direction))
        self.breakpoints = torch.nn.Parameter(torch.tensor(breakpoints))
        self.weights = torch.nn.Parameter(torch.tensor(weights))

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Values (m,), or (m, c) for c outputs, at points (m, d)."""
        places = points.to(self.direction.dtype) @ self.direction
        return torch.cat([self._values(part) for part in places.split(POINTS)])

    def _values(self, places: torch.Tensor) -> torch.Tensor:
        total = places.new_zeros(len(places), *self.weights.shape[1:])
        for start in range(0, len(self.breakpoints), BLOCK):
            block = slice(start, start + BLOCK)
            hinges = torch.relu(places[:, None] - self.breakpoints[block])
            total = total + hinges @ self.weights[block]
        return total


def as_sequential(
    direction: NDArray[Any], layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]
) -> torch.nn.Sequential:
    """A projection without bias, then linear layers with ReLUs between, all in float64.

    ``layers`` are weights (outputs, inputs) and biases (outputs,), in float64 or rational. Raises
    OverflowError for rational ones beyond float64.
    """
    modules: list[torch.nn.Module] = [_linear(direction[None, :], None)]
    for number, (weights, bias) in enumerate(layers):
        modules += [torch.nn.ReLU()] * (number > 0)
        modules.append(_linear(weights, bias))
    return torch.nn.Sequential(*modules)


def _linear(weights: NDArray[Any], bias: NDArray[Any] | None) -> torch.nn.Linear:
    outputs, inputs = weights.shape
    linear = torch.nn.Linear(inputs, outputs, bias is not None, device="meta")
    linear.weight = torch.nn.Parameter(torch.from_numpy(weights.astype(np.float64)))
    if bias is not None:
        linear.bias = torch.nn.Parameter(torch.from_numpy(bias.astype(np.float64)))
    return linear
