"""The small Alexnet of appendix A, from TensorFlow's CIFAR-10 tutorial of that time.

Two modules of (convolution 5x5, max-pool 3x3, local response normalisation), then dense layers of
384, 192 and the classes. Normalisation constants and initialisation are the tutorial's; the order
within a module is the paper's (the tutorial normalises before it pools in the second one).
"""

import torch
from torch import nn

from harness.errors import HarnessError
from harness.models.initialization import truncated_normal_

RADIUS, ALPHA = 4, 0.001 / 9


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha * sum over the 2 * radius + 1 nearest channels of x^2)^0.75, any layout.

    TensorFlow's ``lrn(x, radius, bias=1, alpha, beta=0.75)``, which does not divide alpha by the
    window as PyTorch does. The sum is a banded 1x1 convolution, a matrix product. PyTorch's
    three-dimensional pooling takes longer than the network's other layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        index = torch.arange(channels)
        band = ((index[:, None] - index[None, :]).abs() <= RADIUS).float()
        self.band: torch.Tensor
        self.register_buffer("band", band[:, :, None, None], persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> the same shape."""
        energy = nn.functional.conv2d(x * x, self.band)
        # In float32: the factor is close to 1, where bfloat16 has two digits.
        root = torch.rsqrt(1 + ALPHA * energy.float())
        return x * (root * root.sqrt()).to(x.dtype)


class SmallAlexnet(nn.Sequential):
    """Images (B, C, H, W), at least 4x4 -> logits (B, classes).

    1,387,786 parameters at 28x28x3 and 10 classes (Table 1).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        filters: tuple[int, int] = (64, 64),
        hidden: tuple[int, int] = (384, 192),
    ) -> None:
        channels, height, width = shape
        if min(height, width) < 4:
            raise HarnessError(
                f"the small Alexnet halves the image twice: {height}x{width} is too small, "
                "give images of 4x4 or more"
            )
        left = -(-height // 4) * -(-width // 4)
        first, second = filters
        super().__init__(
            nn.Conv2d(channels, first, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
            LocalResponseNorm(first),
            nn.Conv2d(first, second, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
            LocalResponseNorm(second),
            nn.Flatten(),
            nn.Linear(second * left, hidden[0]),
            nn.ReLU(),
            nn.Linear(hidden[0], hidden[1]),
            nn.ReLU(),
            nn.Linear(hidden[1], classes),
        )

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights as the tutorial did: truncated normals, biases 0, 0.1 ... 0.1, 0."""
        layers = [layer for layer in self if isinstance(layer, nn.Conv2d | nn.Linear)]
        scale = [(0.05, 0.0), (0.05, 0.1), (0.04, 0.1), (0.04, 0.1), (1 / 192, 0.0)]
        for layer, (std, bias) in zip(layers, scale, strict=True):
            truncated_normal_(layer, std, bias, generator)
