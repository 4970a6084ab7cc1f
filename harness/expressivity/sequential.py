"""Layers as an ordinary module."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


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
