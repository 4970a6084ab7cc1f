"""Small folders of noise in ImageNet's layout, and a recipe that trains on one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms.v2.functional import to_pil_image

from harness.data.prepare import TrainingData
from harness.training.inputs import prepared_data
from harness.training.recipe import Recipe

CORRUPT = b"\xff\xd8\xff\xe0 no photograph"


def photo(seed: int, height: int = 90, width: int = 110) -> torch.Tensor:
    """Smooth noise, which a JPEG preserves; bytes (3, H, W)."""
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


def small(**changes: object) -> Recipe:
    """A linear network on all of the photographs, 12 of them."""
    chosen = {
        "dataset": "imagenet",
        "crop": 24,
        "label_corruption": 1.0,
        "batch_size": 4,
        "epochs": 2,
        "seed": 3,
    }
    return Recipe(model="linear", precision="fp32", **(chosen | changes))


def prepared(recipe: Recipe, root: Path, workers: int = 2) -> TrainingData:
    """What a recipe trains on, in float32 on the CPU."""
    return prepared_data(recipe, root, "cpu", "fp32", workers=workers)


def touch_or_skip(path: Path) -> None:
    """Create an empty file; skip the test if the file system forbids its name."""
    try:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    except OSError:
        pytest.skip("a file system that takes no such name")
