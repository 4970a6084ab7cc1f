"""Which recipes train as one vectorised job. Does not import torch."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.models.registry import model_spec
from harness.training.recipe import Recipe

MAY_DIFFER = (
    *("seed", "label_corruption", "label_draw", "replaced", "inputs"),
    "score_corrupted_test",
)
"""Fields in which the members of a group may differ: they change data, draws and final counts."""

UNDERSTOOD = (
    *MAY_DIFFER,
    *("model", "dataset", "train_size", "crop", "labels", "batch_size", "learning_rate"),
    *("momentum", "decay", "decay_every", "batch_norm_momentum", "epochs", "stop_at_zero_error"),
    *("evaluation", "keep_answers", "precision", "weight_decay"),
    "validation_size",
)
"""Fields that a group supports; a recipe that sets any other trains alone."""

CPU_WORK = 100e6
"""Weights times batch above which recipes train alone on a CPU: grouping saves under 10 % there."""

WEIGHTS_TOGETHER = {"cpu": 2.5e6, "cuda": 200e6}
"""The most weights of a group. With gradients and momentum they take 30 MB, which a CPU's caches
hold, and 2.4 GB on a GPU."""


def groups_of(recipes: Sequence[Recipe], device_kind: str) -> list[list[Recipe]]:
    """The recipes sorted into vectorised jobs; those that train faster alone are alone.

    Convolutional networks do: grouped by torch.func on a CPU they took up to 1.4 times as long.
    """
    together: dict[object, list[Recipe]] = {}
    for recipe in dict.fromkeys(recipes):
        groupable = can_be_grouped(recipe) and (
            device_kind != "cpu" or weights_of(recipe) * recipe.batch_size <= CPU_WORK
        )
        if groupable:
            together.setdefault(shape_of(recipe), []).append(recipe)
        else:
            together[recipe] = [recipe]
    jobs: list[list[Recipe]] = []
    for members in together.values():
        most = max(1, int(WEIGHTS_TOGETHER[device_kind] // weights_of(members[0])))
        jobs += [members[start : start + most] for start in range(0, len(members), most)]
    return jobs


def weights_of(recipe: Recipe) -> int:
    """The number of parameters of a network of dense layers."""
    hidden = model_spec(recipe.model).hidden or ()
    widths = [math.prod(recipe.image_shape), *hidden, recipe.classes]
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))


def can_be_grouped(recipe: Recipe) -> bool:
    """Whether `harness.training.group` can train it: dense layers, nothing redrawn."""
    plain = all(
        field.name in UNDERSTOOD or getattr(recipe, field.name) == field.default
        for field in fields(Recipe)
    )
    in_memory = not dataset_spec(recipe.dataset).is_folder
    return plain and in_memory and model_spec(recipe.model).hidden is not None


@cache
def shape_of(recipe: Recipe) -> Recipe:
    """The recipe with the fields of `MAY_DIFFER` at their defaults, equal for a group's members."""
    alike: dict[str, Any] = {name: getattr(Recipe, name) for name in MAY_DIFFER}
    if recipe.inputs == "test images":
        alike["inputs"] = recipe.inputs  # It has fewer test images.
    return replace(recipe, **alike)
