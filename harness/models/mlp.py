"""Multi-layer perceptrons with ReLU, of any depth and width; with no hidden layer, a linear model.

Appendix A: "MLP 1x512 means one hidden layer with 512 hidden units."
"""

import math
from itertools import pairwise

import torch
from torch import nn

from harness.models.initialization import glorot_uniform_


class MLP(nn.Sequential):
    """Images (B, C, H, W) -> logits (B, classes).

    At 28x28x3 and 10 classes: 1,735,178 parameters for ``hidden=(512, 512, 512)``, 1,209,866 for
    ``hidden=(512,)`` (Table 1).
    """

    def __init__(
        self, shape: tuple[int, int, int], classes: int, hidden: tuple[int, ...] = (512, 512, 512)
    ) -> None:
        widths = [math.prod(shape), *hidden]
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], classes))

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights: Glorot uniform, zero biases."""
        glorot_uniform_(self, generator)
