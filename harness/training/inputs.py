"""The data of a recipe, prepared once and kept for the next recipe that shares it."""

from functools import lru_cache
from pathlib import Path

import torch

from harness.data.prepare import DataSpec, Prepared, prepare
from harness.data.sources import load
from harness.training.loop import image_layout
from harness.training.recipe import Recipe


def prepared_data(recipe: Recipe, root: Path | None, device: str, precision: str) -> Prepared:
    """What `recipe` trains on, on ``device``; images in bfloat16 where the first layer rounds so.

    Raises DataError where the dataset is missing or damaged.
    """
    spec = DataSpec(
        recipe.dataset,
        recipe.train_size,
        recipe.crop,
        recipe.label_corruption,
        recipe.inputs,
        recipe.seed,
    )
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    return _prepared(spec, root, device, dtype, image_layout(recipe))


@lru_cache(maxsize=1)
def _prepared(
    spec: DataSpec,
    root: Path | None,
    device: str,
    dtype: torch.dtype,
    layout: torch.memory_format,
) -> Prepared:
    return prepare(load(spec.dataset, root), spec, device, dtype, layout)
