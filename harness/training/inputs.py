"""The data of a recipe, prepared once and kept for the next recipe that shares it.

Photographs stay on disk: they are listed, inspected once, and given to the loop as `Photographs`.
"""

from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness.data.catalogue import data_root, dataset_spec
from harness.data.inspection import corrupt_photographs, refuse_corrupt
from harness.data.photo_batches import Photographs
from harness.data.photographs import PhotoFolder, photo_folder
from harness.data.prepare import (
    DataSpec,
    TrainingData,
    WhitenedImages,
    leaked,
    sample_indices,
    whitened_images,
    with_labels,
)
from harness.data.sources import ImageSet, load
from harness.errors import DataError, InvalidRecipe
from harness.training.learner import image_layout
from harness.training.recipe import Recipe


def prepared_data(
    recipe: Recipe, root: Path | None, device: str, precision: str, workers: int = 1
) -> TrainingData:
    """What ``recipe`` trains on, on ``device``, with images in the precision "fp32" or "bf16".

    Recipes that differ in their labels or in a replaced example share the tensor of their images.
    Photographs are decoded by ``workers`` threads. Raises DataError where the dataset is missing
    or damaged.
    """
    same = {field.name for field in fields(DataSpec)} & {field.name for field in fields(Recipe)}
    spec = DataSpec(
        **{name: getattr(recipe, name) for name in same},
        probed=recipe.keep_answers,
        keep_pixels=bool(recipe.augmentation),
    )
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    if dataset_spec(recipe.dataset).is_folder:
        return _photographs(recipe, spec, root, device, dtype, workers)
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


def _photographs(
    recipe: Recipe,
    spec: DataSpec,
    root: Path | None,
    device: str,
    dtype: torch.dtype,
    workers: int,
) -> TrainingData:
    """What ``recipe`` trains on; its label draws do not depend on which photographs are corrupt.

    Raises DataError where the folder has another layout, too few photographs, or corrupt ones that
    the recipe does not skip.
    """
    folder = photo_folder(data_root(root), dataset_spec(recipe.dataset).classes)
    wanted = (recipe.train_size or 0) + recipe.validation_size
    if wanted > len(folder.train):
        raise DataError(
            f"{recipe} needs {wanted:,} training photographs, but {folder.root} holds"
            f" {len(folder.train):,}; set train_size to no more, or give another --data-root"
        )

    def photographs(paths: tuple[str, ...]) -> Photographs:
        return Photographs(
            folder.root, np.array(paths), recipe.crop, torch.device(device), dtype, workers
        )

    images = ImageSet(
        dataset_spec(recipe.dataset),
        photographs(folder.train),
        torch.tensor(folder.train_labels),
        photographs(folder.val),
        torch.tensor(folder.val_labels),
        folder.fingerprint,
    )
    sample, left_out = sample_indices(images, spec)
    of_sample = images.train_images if sample is None else images.train_images[sample]
    whitened = WhitenedImages(of_sample, images.train_images[left_out], images.test_images)
    return _inspected(recipe, with_labels(whitened, images, spec), folder, workers)


def _inspected(
    recipe: Recipe, data: TrainingData, folder: PhotoFolder, workers: int
) -> TrainingData:
    """Without the corrupt photographs."""
    sound: dict[str, Any] = {}
    corrupt: list[str] = []
    inspected = 0
    for part in ("train", "test", "validation"):
        images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
        if labels is None or not len(labels):
            continue
        paths = [str(path) for path in images.paths]
        found = corrupt_photographs(folder.root, paths, folder.fingerprint, workers)
        corrupt += [paths[index] for index in found]
        inspected += len(paths)
        kept = np.delete(np.arange(len(paths)), found)
        indices = torch.from_numpy(kept).to(labels.device)
        sound[f"{part}_labels"] = labels[indices]
        if part == "train":
            sound["true_labels"] = data.true_labels[indices]
        sound[f"{part}_images"] = replace(
            images,
            paths=images.paths[kept],
            augmentation=recipe.augmentation if part == "train" else (),
            seed=recipe.seed,
        )
    if not recipe.skip_corrupt:
        refuse_corrupt(folder.root, corrupt, inspected)
    for part in ("train", "test"):
        if not len(sound[f"{part}_labels"]):
            raise DataError(f"no photograph of {folder.root}/{part} decodes")
    count = len(sound["train_labels"])
    if count % recipe.batch_size == 1 and recipe.batch_size > 1:
        raise InvalidRecipe(
            f"batch_size = {recipe.batch_size} leaves a last batch of one of the {count:,}"
            " photographs, which BatchNorm cannot normalise; take another batch_size"
        )
    return replace(data, **sound, skipped=len(corrupt))
