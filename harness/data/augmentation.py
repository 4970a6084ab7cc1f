"""Random crops, flips and rotations, a whole batch at a time on its device.

Each image is drawn anew every epoch: section 3's data augmentation, and Table 4's "left-right flip
and rotation up to 25 degrees". The draws are made on the CPU.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import grid_sample

LARGEST_ANGLE = 25.0
"""Degrees, to either side (Table 4)."""


@dataclass(frozen=True)
class Draws:
    """One epoch's draws for n images. Without a switch its values leave images as they are."""

    top: torch.Tensor
    """First row of the crop (n,), integers."""
    left: torch.Tensor
    """First column of the crop (n,), integers."""
    flipped: torch.Tensor
    """Whether left and right are swapped (n,), booleans."""
    angle: torch.Tensor | None
    """Degrees counterclockwise (n,), or None without rotation."""

    def to(self, device: torch.device) -> "Draws":
        """The same draws on another device."""
        angle = None if self.angle is None else self.angle.to(device)
        return Draws(self.top.to(device), self.left.to(device), self.flipped.to(device), angle)


def draw(
    n: int,
    size: tuple[int, int],
    crop: int,
    augmentation: Sequence[str],
    generator: torch.Generator,
) -> Draws:
    """Draw for n images of ``size`` (height, width), cropped to ``crop``."""
    corners = []
    for side in size:
        spare = side - min(side, crop)
        middle = torch.full((n,), spare // 2)
        if "random crop" in augmentation:
            middle = torch.randint(spare + 1, (n,), generator=generator)
        corners.append(middle)
    flipped = torch.zeros(n, dtype=torch.bool)
    if "flip" in augmentation:
        flipped = torch.rand(n, generator=generator) < 0.5
    angle = None
    if "rotation" in augmentation:
        angle = torch.empty(n).uniform_(-LARGEST_ANGLE, LARGEST_ANGLE, generator=generator)
    top, left = corners
    return Draws(top, left, flipped, angle)


def augmented(pixels: torch.Tensor, batch: torch.Tensor, draws: Draws, crop: int) -> torch.Tensor:
    """Images ``batch`` (B,) of the bytes ``pixels`` (N, H, W, C) -> (B, C, crop, crop) in [0, 1].

    Rotation is bilinear and about the middle of the crop. Its corners show the image outside the
    crop, and black beyond the image, as in torchvision's rotation.
    """
    height, width = pixels.shape[1:3]
    rows = torch.arange(min(height, crop), device=pixels.device)
    columns = torch.arange(min(width, crop), device=pixels.device)
    across = torch.where(draws.flipped[batch, None], len(columns) - 1 - columns, columns)
    if draws.angle is None:
        down = draws.top[batch, None] + rows
        across = draws.left[batch, None] + across
        taken = pixels[batch[:, None, None], down[:, :, None], across[:, None, :]]
        return taken.permute(0, 3, 1, 2).float() / 255
    # Coordinates in pixels, rotated about the middle of the crop.
    middle_row, middle_column = (len(rows) - 1) / 2, (len(columns) - 1) / 2
    y = (rows - middle_row)[None, :, None]
    x = (across - middle_column)[:, None, :]
    angle = torch.deg2rad(draws.angle[batch])[:, None, None]
    turned_y = torch.cos(angle) * y + torch.sin(angle) * x
    turned_x = torch.cos(angle) * x - torch.sin(angle) * y
    at_row = turned_y + middle_row + draws.top[batch, None, None]
    at_column = turned_x + middle_column + draws.left[batch, None, None]
    grid = torch.stack(
        [(2 * at_column + 1) / width - 1, (2 * at_row + 1) / height - 1], dim=-1
    ).float()
    whole = pixels[batch].permute(0, 3, 1, 2).float() / 255
    return grid_sample(whole, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
