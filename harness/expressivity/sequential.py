"""Layers as an ordinary module."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.errors import InvalidSample


def as_sequential(
    direction: NDArray[Any], layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]
) -> torch.nn.Sequential:
    """A projection without bias, then linear layers with ReLUs between, all in float64.

    ``layers`` are weights (outputs, inputs) and biases (outputs,), in float64 or rational. Raises
    InvalidSample for rational ones beyond float64.
    """
    modules: list[torch.nn.Module] = [_linear(direction[None, :], None)]
    for number, (weights, bias) in enumerate(layers):
        modules += [torch.nn.ReLU()] * (number > 0)
        modules.append(_linear(weights, bias))
    return torch.nn.Sequential(*modules)


def _linear(weights: NDArray[Any], bias: NDArray[Any] | None) -> torch.nn.Linear:
    outputs, inputs = weights.shape
    linear = torch.nn.Linear(
        inputs, outputs, bias=bias is not None, dtype=torch.float64, device="meta"
    ).to_empty(device="cpu")
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(_in_float64(weights)))
        if bias is not None:
            linear.bias.copy_(torch.from_numpy(_in_float64(bias)))
    return linear


def _in_float64(numbers: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return numbers.astype(np.float64)
    except OverflowError as error:
        raise InvalidSample(
            "a rational weight is beyond float64; evaluate the layers as they are"
        ) from error


def nonzero_parameters(module: torch.nn.Module) -> int:
    """Weights and biases of a module that are not zero."""
    return sum(int(parameter.count_nonzero()) for parameter in module.parameters())


def linear_layers(module: torch.nn.Module) -> list[torch.nn.Linear]:
    """The linear layers of a module, in their order."""
    return [part for part in module.modules() if isinstance(part, torch.nn.Linear)]
