"""The data of a recipe, prepared once and kept for the next recipe that shares it."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch

from harness.data.catalogue import dataset_spec
from harness.data.prepare import (
    DataSpec,
    TrainingData,
    WhitenedImages,
    whitened_images,
    with_labels,
)
from harness.data.sources import load
from harness.training.learner import image_layout
from harness.training.recipe import Recipe


def prepared_data(
    recipe: Recipe, root: Path | None, device: str, precision: str, workers: int = 1
) -> TrainingData:
    """What `recipe` trains on, on ``device``; images in bfloat16 where the first layer rounds so.

    Recipes that differ in their labels or in a replaced example share the tensor of their images.
    Photographs stay on the disk, and are decoded by ``workers`` threads. Raises DataError where
    the dataset is missing or damaged.
    """
    spec = DataSpec(
        recipe.dataset,
        recipe.train_size,
        recipe.crop,
        recipe.label_corruption,
        recipe.inputs,
        recipe.seed,
        recipe.labels,
        recipe.label_draw,
        recipe.replaced,
        recipe.keep_answers,
        recipe.validation_size,
        recipe.score_corrupted_test,
        bool(recipe.augmentation),
        image_size=recipe.image_size,
    )
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    if dataset_spec(recipe.dataset).is_folder:
        from harness.training.photographs import prepared_photographs

        return prepared_photographs(recipe, spec, root, device, dtype, workers)
    wants_left_out = recipe.keep_answers or recipe.replaced is not None
    whitened = _whitened(
        replace(
            spec,
            label_corruption=0.0,
            labels="classes",
            label_draw=0,
            replaced=None,
            probed=wants_left_out,
            score_corrupted_test=False,
        ),
        root,
        device,
        dtype,
        image_layout(recipe),
    )
    return with_labels(whitened, load(spec.dataset, root), spec)


@lru_cache(maxsize=1)
def _whitened(
    spec: DataSpec,
    root: Path | None,
    device: str,
    dtype: torch.dtype,
    layout: torch.memory_format,
) -> WhitenedImages:
    return whitened_images(load(spec.dataset, root), spec, device, dtype, layout)
