"""Norms of a network's weights, for norm-based complexity measures.

A layer's weights are a matrix (outputs, inputs), with a convolution's filters as rows. Only
the spectral norm is that of the convolution as an operator on its whole input.
"""

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d
from torch.nn.utils.fusion import fuse_conv_bn_eval

from harness.models.alexnet import LocalResponseNorm
from harness.models.inception import SmallInception

TOLERANCE = 1e-5
"""Relative, of the square of a convolution's spectral norm."""

Layer = nn.Conv2d | nn.Linear
Shape = tuple[int, int, int]


def layers_of(model: nn.Module) -> dict[str, Layer]:
    """Convolutions and dense layers by name, in the order in which the network holds them."""
    return {name: it for name, it in model.named_modules() if isinstance(it, nn.Conv2d | nn.Linear)}


def folded(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose BatchNorms are part of the convolutions before them.

    It computes the same function without BatchNorm's scales.
    """
    model = copy.deepcopy(model).eval()
    for block in [it for it in model.modules() if isinstance(it, nn.Sequential)]:
        for (name, layer), (after, norm) in pairwise(list(block.named_children())):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(block, name, fuse_conv_bn_eval(layer, norm))
                setattr(block, after, nn.Identity())
    return model


def matrix_norms(weight: torch.Tensor) -> dict[str, float]:
    """Norms of weights (outputs, ...), a row an output.

    "1,inf" is the largest l1 norm of a row (Bartlett 1998). "2,1" is the sum of the rows' l2 norms:
    the (2, 1) norm of the transpose in Bartlett, Foster & Telgarsky 2017.
    """
    rows = weight.flatten(1).double()
    return {
        "frobenius": float(rows.norm()),
        "l1": float(rows.abs().sum()),
        "1,inf": float(rows.abs().sum(dim=1).max()),
        "2,1": float(rows.norm(dim=1).sum()),
    }


@torch.no_grad()
def spectral_norm(layer: Layer, weight: torch.Tensor, size: tuple[int, int]) -> float:
    """Largest singular value of a layer with this weight, for a convolution on inputs of ``size``.

    A convolution's is found by Lanczos iteration on the operator and its transpose, with its zero
    padding and stride (Sedghi, Gupta & Long 2019 take circular padding).
    """
    if isinstance(layer, nn.Linear):
        return float(torch.linalg.matrix_norm(weight.double().cpu(), 2))
    weight, height = weight.float(), size[0]
    options: dict[str, Any] = {"stride": layer.stride, "padding": layer.padding}
    out = conv2d(torch.zeros(1, weight.shape[1], *size, device=weight.device), weight, **options)
    kernel, stride, padding = weight.shape[2], layer.stride[0], int(layer.padding[0])
    left = height - ((out.shape[2] - 1) * stride + kernel - 2 * padding)

    def squared(vector: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(vector.astype(np.float32)).view(1, weight.shape[1], *size)
        image = conv2d(x.to(weight.device), weight, **options)
        back = conv_transpose2d(image, weight, output_padding=left, **options)
        return back.flatten().double().cpu().numpy()

    inputs = weight.shape[1] * size[0] * size[1]
    operator = LinearOperator((inputs, inputs), matvec=squared, dtype=np.float64)
    # A fixed start, which touches none of the run's random streams.
    start = np.random.default_rng(0).standard_normal(inputs)
    (largest,) = eigsh(operator, k=1, v0=start, tol=TOLERANCE, return_eigenvectors=False)
    return float(largest) ** 0.5


@torch.no_grad()
def path_norms(model: nn.Module, shape: Shape) -> dict[str, float]:
    """The l1 and the l2 path norm of a network on images of ``shape`` (channels, height, width).

    The l1 norm sums, over all paths from an input to an output, the product of the weights'
    absolute values; the l2 norm is the root of the sum of their squares (Neyshabur, Tomioka &
    Srebro 2015). One pass over ones gives each. Biases begin no path, BatchNorms are folded, a
    max-pool passes on each of its inputs (Gonon et al. 2024), and local response normalisation,
    which only shrinks, is left out.
    """
    found = {}
    for name, power in (("l1", 1), ("l2", 2)):
        network = folded(model).double()
        pooled = 1.0
        for block in list(network.modules()):
            for child, layer in list(block.named_children()):
                if isinstance(layer, nn.MaxPool2d):
                    setattr(block, child, _SumPool(layer))
                elif isinstance(layer, LocalResponseNorm):
                    setattr(block, child, nn.Identity())
        for layer in layers_of(network).values():
            layer.weight.copy_(layer.weight.abs() ** power)
            if layer.bias is not None:
                layer.bias.zero_()
        device = next(network.parameters()).device
        ones = torch.ones(1, *shape, dtype=torch.float64, device=device)
        if isinstance(network, SmallInception):
            # The mean over positions is a layer of weights 1 / positions.
            positions = network.features(ones).shape[2:].numel()
            pooled = float(positions) ** (1 - power)
        total = pooled * float(network(ones).sum())
        found[name] = total ** (1 / power)
    return found


class _SumPool(nn.Module):
    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.window = (pool.kernel_size, pool.stride, pool.padding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return avg_pool2d(x, *self.window, divisor_override=1)
