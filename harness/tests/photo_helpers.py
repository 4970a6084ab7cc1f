"""Small folders in ImageNet's layout, made of noise."""

from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2.functional import to_pil_image

CORRUPT = b"\xff\xd8\xff\xe0 no photograph"


def photo(seed: int, height: int = 90, width: int = 110) -> torch.Tensor:
    """Smooth noise, so that a JPEG keeps what is on it; bytes (3, H, W)."""
    rows = np.random.default_rng(seed).integers(0, 256, (3, 6, 7), dtype=np.uint8)
    coarse = torch.from_numpy(rows)[None].float()
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return smooth[0].round().to(torch.uint8)


def photo_layout(root: Path, classes: int = 3, train: int = 4, val: int = 2) -> Path:
    """``train`` and ``val`` photographs of each class under ``root``."""
    for part, count in (("train", train), ("val", val)):
        for label in range(classes):
            folder = root / part / f"n{label:03}"
            folder.mkdir(parents=True)
            for number in range(count):
                seed = 1000 * label + 2 * number + (part == "val")
                to_pil_image(photo(seed)).save(folder / f"{number}.JPEG")
    return root
