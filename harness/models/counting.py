"""Counts and constants of the paper's networks: Table 1's "# params", Alexnet's normalisation."""

from typing import Any

import torch
from torch import nn

from harness.models.address import ImageShape
from harness.models.alexnet import LocalResponseNorm
from harness.models.building import make_network

PAPER_SHAPE: ImageShape = (3, 28, 28)
PAPER_CLASSES = 10
ONE_UNIT_WIDER: dict[str, dict[str, Any]] = {
    "inception": {"stem": 97},
    "inception-without-batchnorm": {"stem": 97},
    "alexnet": {"filters": (65, 64)},
    "mlp-3x512": {"hidden": (513, 512, 512)},
    "mlp-1x512": {"hidden": (513,)},
}
"""Arguments that give a network one unit more in its first layer."""


def trainable_parameters(
    name: str, shape: ImageShape = PAPER_SHAPE, classes: int = PAPER_CLASSES
) -> int:
    """The number of trainable parameters of the network ``name``; raises UnknownName."""
    return _count(make_network(name, shape, classes))


def trainable_parameters_one_unit_wider(name: str) -> int:
    """The same for one unit more in the first layer: the control of A-params."""
    return _count(make_network(name, PAPER_SHAPE, PAPER_CLASSES, **ONE_UNIT_WIDER[name]))


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def normalized_responses(size: float, channels: int = 16) -> list[float]:
    """Alexnet's local response normalisation of channels that all hold ``size``.

    Its constants show in no loss at the start of training, so a baseline pins them here.
    """
    layer = LocalResponseNorm(channels)
    return layer(torch.full((1, channels, 1, 1), float(size))).flatten().tolist()
