"""Dropout before the output layer, with masks from a random stream of the CPU."""

import torch
from torch import nn

from harness.data import streams


def output_layer(model: nn.Module) -> nn.Module:
    """The last dense layer of a network, in the order in which its modules were registered."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


class Dropout:
    """Drops each input of a layer with probability ``share`` while the layer is in training mode.

    Srivastava et al. 2014; kept inputs are scaled by 1 / (1 - share). A forward pre-hook of the
    layer. Unlike `torch.nn.Dropout` it draws from ``generator`` on the CPU, so that all devices see
    the same masks and a checkpoint can restore them.
    """

    def __init__(self, share: float, generator: torch.Generator) -> None:
        self.share, self.generator = share, generator
        self.first = ""
        """Hash of the first mask."""

    def __call__(
        self, layer: nn.Module, inputs: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, ...] | None:
        """(B, features) -> the same shape."""
        if not layer.training:
            return None
        (values,) = inputs
        kept = torch.rand(values.shape, generator=self.generator) >= self.share
        self.first = self.first or streams.digest(kept)
        return (values * kept.to(values.device, values.dtype) / (1 - self.share),)
