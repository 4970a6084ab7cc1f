"""The small Inception of Figure 3, with and without BatchNorm.

Conv = convolution, BatchNorm, ReLU. The parameter count of Table 1 shows what the figure leaves
open: convolutions have no bias; BatchNorm has a shift but no scale, as in TF-Slim.
"""

import torch
from torch import nn

from harness.errors import HarnessError
from harness.models.initialization import glorot_uniform_, standardized_

STAGES: tuple[tuple[int, ...], ...] = (
    (32, 32),
    (32, 48),
    (80,),
    (112, 48),
    (96, 64),
    (80, 80),
    (48, 96),
    (96,),
    (176, 160),
    (176, 160),
)
"""Figure 3: a pair is Inception(1x1 filters, 3x3 filters), a single number Downsample(3x3)."""


class ShiftBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with a trainable shift and no scale; epsilon 0.001 (TF-Slim)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-3)
        del self.weight
        self.register_buffer("weight", torch.ones(channels), persistent=False)


class Conv(nn.Sequential):
    """(B, c_in, H, W) -> (B, c_out, H/stride, W/stride): convolution, BatchNorm or bias, ReLU."""

    def __init__(self, c_in: int, c_out: int, size: int, batch_norm: bool, stride: int = 1) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(c_in, c_out, size, stride, padding=size // 2, bias=not batch_norm)
        ]
        if batch_norm:
            layers.append(ShiftBatchNorm2d(c_out))
        super().__init__(*layers, nn.ReLU(inplace=True))


class Inception(nn.Module):
    """(B, c_in, H, W) -> (B, c1 + c3, H, W): 1x1 and 3x3 convolutions side by side."""

    def __init__(self, c_in: int, c1: int, c3: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv1 = Conv(c_in, c1, 1, batch_norm)
        self.conv3 = Conv(c_in, c3, 3, batch_norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Join both branches along the channels."""
        return torch.cat([self.conv1(x), self.conv3(x)], dim=1)


class Downsample(nn.Module):
    """(B, c_in, H, W) -> (B, c3 + c_in, H/2, W/2): strided 3x3 convolution beside a max-pool."""

    def __init__(self, c_in: int, c3: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv3 = Conv(c_in, c3, 3, batch_norm, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Join both branches along the channels."""
        return torch.cat([self.conv3(x), self.pool(x)], dim=1)


class SmallInception(nn.Module):
    """Images (B, C, H, W), at least 4x4 -> logits (B, classes).

    1,649,402 parameters at 28x28x3 and 10 classes, with BatchNorm and without alike (Table 1).
    The figure's 7x7 mean pool is a mean over the whole remaining image.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        batch_norm: bool = True,
        stem: int = 96,
        stages: tuple[tuple[int, ...], ...] = STAGES,
    ) -> None:
        super().__init__()
        self.batch_norm = batch_norm
        channels, *size = shape
        if min(size) < 4:
            raise HarnessError(
                f"the small Inception halves the image twice: {size[0]}x{size[1]} is too small, "
                "give images of 4x4 or more"
            )
        blocks: list[nn.Module] = [Conv(channels, stem, 3, batch_norm)]
        width = stem
        for stage in stages:
            if len(stage) == 2:
                blocks.append(Inception(width, *stage, batch_norm))
                width = sum(stage)
            else:
                blocks.append(Downsample(width, stage[0], batch_norm))
                width += stage[0]
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Linear(width, classes)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights: Glorot uniform; without BatchNorm, standardised convolutions."""
        glorot_uniform_(self, generator)
        if not self.batch_norm:
            standardized_(self.features, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (B, classes)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))
