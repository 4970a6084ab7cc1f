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
"""Recipe fields in which the members of a group may differ: they change data and draws alone, or
what is counted at the end."""

UNDERSTOOD = (
    *MAY_DIFFER,
    *("model", "dataset", "train_size", "crop", "labels", "batch_size", "learning_rate"),
    *("momentum", "decay", "decay_every", "batch_norm_momentum", "epochs", "stop_at_zero_error"),
    *("evaluation", "keep_answers", "precision", "weight_decay"),
    "validation_size",
)
"""Recipe fields that a group honours; a recipe that sets any other trains alone."""


CPU_WORK = 100e6
"""Weights times batch above which nothing trains together on a CPU. On one core MLP 3x512 on digits
(8e7) took 1.13 to 1.17 times as long alone as in threes, by CPU time; MLP 1x512 on CIFAR-10 (1.6e8)
1.07 to 1.1 times as in twos, with both cores at work it has not been measured."""

WEIGHTS_TOGETHER = {"cpu": 2.5e6, "cuda": 200e6}
"""Weights of a group at most, kept three times over, with gradient and momentum: 30 MB, so that a
CPU's caches hold them, and 2.4 GB."""


def groups_of(recipes: Sequence[Recipe], device_kind: str) -> list[list[Recipe]]:
    """The recipes sorted into vectorised jobs; those that are better off alone come alone.

    Convolutional networks do: as one job on a CPU they took 1.1 (Alexnet) to 1.4 times (Inception)
    as long, by torch.func; on a GPU it has not been measured.
    """
    together: dict[object, list[Recipe]] = {}
    for recipe in dict.fromkeys(recipes):
        if can_be_grouped(recipe) and (device_kind != "cpu" or work_of(recipe) <= CPU_WORK):
            together.setdefault(shape_of(recipe), []).append(recipe)
        else:
            together[recipe] = [recipe]
    jobs = []
    for members in together.values():
        if len(members) == 1:
            jobs.append(members)
            continue
        most = max(1, int(WEIGHTS_TOGETHER[device_kind] // weights_of(members[0])))
        jobs += [members[start : start + most] for start in range(0, len(members), most)]
    return jobs


def work_of(recipe: Recipe) -> int:
    """Weights times batch."""
    return weights_of(recipe) * recipe.batch_size


def weights_of(recipe: Recipe) -> int:
    """The parameters of the recipe's network, which can be grouped."""
    hidden = model_spec(recipe.model).hidden or ()
    widths = [math.prod(recipe.image_shape), *hidden, recipe.classes]
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))


def can_be_grouped(recipe: Recipe) -> bool:
    """Whether `harness.training.group.GroupTraining` takes it: dense layers, nothing redrawn."""
    plain = all(
        field.name in UNDERSTOOD or getattr(recipe, field.name) == field.default
        for field in fields(Recipe)
    )
    in_memory = not dataset_spec(recipe.dataset).is_folder
    return plain and in_memory and model_spec(recipe.model).hidden is not None


@cache
def shape_of(recipe: Recipe) -> Recipe:
    """The recipe without what the members of a group may differ in."""
    alike: dict[str, Any] = {
        field.name: field.default for field in fields(Recipe) if field.name in MAY_DIFFER
    }
    return replace(recipe, **alike)
