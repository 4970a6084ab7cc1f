"""Inception v3 (Szegedy et al. 2016), torchvision's, from random weights: Table 2's network."""

import torch
from torch import nn

from harness.errors import HarnessError
from harness.models.initialization import truncated_normal_

SMALLEST = 75
"""Pixels a side; smaller images leave nothing for the last blocks."""
AUXILIARY_FROM = 299
"""Pixels a side; from here on the auxiliary classifier has the 17x17 cells that it pools."""


class InceptionV3(nn.Module):
    """Images (B, 3, S, S), S at least 75, in [-1, 1] -> logits (B, classes).

    In training with the auxiliary classifier it returns two logits, the main ones first.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, auxiliary: bool = False) -> None:
        super().__init__()
        channels, *size = shape
        least = AUXILIARY_FROM if auxiliary else SMALLEST
        if channels != 3 or min(size) < least:
            wanted = "with its auxiliary classifier " if auxiliary else ""
            raise HarnessError(
                f"Inception v3 {wanted}takes colour images of {least}x{least} or more, not"
                f" {channels}x{size[0]}x{size[1]}; set crop={least} or more"
            )
        # Imported here: torchvision takes as long as PyTorch, and most trainings do without it.
        from torchvision.models import Inception3

        self.auxiliary = auxiliary
        # The recipe has its own dropout, drawn from its seed.
        self.network = Inception3(
            classes, aux_logits=auxiliary, transform_input=False, init_weights=False, dropout=0.0
        )

    def initialize(self, generator: torch.Generator) -> None:
        """Truncated normals with torchvision's standard deviations, as TF-Slim drew them."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                std = float(getattr(layer, "stddev", 0.1))
                truncated_normal_(layer, std, 0.0, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, classes), or the pair."""
        if self.auxiliary and self.training:
            logits, auxiliary = self.network(x)
            return logits, auxiliary
        return self.network(x)
