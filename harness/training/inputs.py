"""The data of a recipe, prepared once and kept for the next recipe that shares it."""

from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path

import torch

from harness.data.catalogue import dataset_spec
from harness.data.prepare import (
    DataSpec,
    TrainingData,
    WhitenedImages,
    leaked,
    whitened_images,
    with_labels,
)
from harness.data.sources import load
from harness.training.learner import image_layout
from harness.training.photographs import prepared_photographs
from harness.training.recipe import Recipe


def prepared_data(
    recipe: Recipe, root: Path | None, device: str, precision: str, workers: int = 1
) -> TrainingData:
    """What ``recipe`` trains on, on ``device``, with images in the precision "fp32" or "bf16".

    Recipes that differ in their labels or in a replaced example share the tensor of their images.
    Photographs stay on disk and are decoded by ``workers`` threads. Raises DataError where
    the dataset is missing or damaged.
    """
    same = {field.name for field in fields(DataSpec)} & {field.name for field in fields(Recipe)}
    spec = DataSpec(
        **{name: getattr(recipe, name) for name in same},
        probed=recipe.keep_answers,
        keep_pixels=bool(recipe.augmentation),
    )
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    if dataset_spec(recipe.dataset).is_folder:
        return prepared_photographs(recipe, spec, root, device, dtype, workers)
    unlabelled = replace(
        spec,
        label_corruption=0.0,
        labels="classes",
        label_draw=0,
        replaced=None,
        probed=recipe.keep_answers or recipe.replaced is not None,
        score_corrupted_test=False,
    )
    layout = image_layout(recipe, device, precision)
    whitened = _whitened(unlabelled, root, device, dtype, layout)
    return with_labels(whitened, leaked(load(spec.dataset, root), spec), spec)


@lru_cache(maxsize=1)
def _whitened(
    spec: DataSpec,
    root: Path | None,
    device: str,
    dtype: torch.dtype,
    layout: torch.memory_format,
) -> WhitenedImages:
    return whitened_images(leaked(load(spec.dataset, root), spec), spec, device, dtype, layout)
