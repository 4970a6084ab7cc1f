"""The paths of records: DATASET/MODEL/SETTING.DEVICE-PRECISION.json. Does not import torch."""

import re
from collections.abc import Iterator
from dataclasses import fields

from harness.linear.recipe import KernelRecipe
from harness.models.registry import model_spec
from harness.runs.run import AnyRun
from harness.training.recipe import Recipe


def setting_of(recipe: Recipe) -> str:
    """The setting as `harness.training.protocol.paper_recipe` names it."""
    level = recipe.label_corruption
    parts = [] if recipe.inputs == "true" else [recipe.inputs.replace(" ", "-")]
    if recipe.labels == "two groups":
        parts.append("random-signs" if level == 1 else "two-groups")
    elif level == 1:
        parts.append("random-labels")
    if 0 < level < 1:
        parts.append(f"corrupted-{level:g}")
    return "-".join(parts) or "true-labels"


def path_of(run: AnyRun) -> str:
    """Where a run is recorded, below the folder of all records."""
    where = f"{run.device_kind}-{run.precision}"
    recipe = run.recipe
    if isinstance(recipe, Recipe):
        name = "-".join([setting_of(recipe), *_departures(recipe)])
        return f"{recipe.dataset}/{recipe.model}/{_plain(name)}.{where}.json"
    if isinstance(recipe, KernelRecipe):
        name = f"{recipe.features.kind}-gamma-{recipe.gamma:g}"
        name += "" if recipe.ridge is None else f"-ridge-{recipe.ridge:g}"
        folder = "gaussian-kernel"
    else:
        name = f"{recipe.source}-{'-'.join(map(str, recipe.filters))}"
        folder = "random-filters"
    for key in ("train_size", "held_out", "seed"):
        if value := getattr(recipe, key):
            name += f"-{key.replace('_', '-')}-{value}"
    return f"{recipe.dataset}/{folder}/{_plain(name)}.{where}.json"


IN_THE_PATH = {
    *("model", "dataset", "labels", "label_corruption", "inputs", "precision"),
    *("evaluation", "score_corrupted_test", "stop_at_zero_error", "epochs"),
    *("weight_decay", "augmentation", "optimizer", "optimizer_options"),
}
"""Fields that the rest of a path gives, or that change nothing that is trained."""
SHORT = {
    "train_size": "n",
    "label_draw": "draw",
    "validation_size": "held-out",
    "decay": "rate-times",
    "keep_answers": "answers",
}


def _departures(recipe: Recipe) -> Iterator[str]:
    """How a recipe differs from others of its setting, for a file's name."""
    if recipe.weight_decay:
        yield "weight-decay"
    if recipe.optimizer:
        yield recipe.optimizer_title
    for name in recipe.augmentation:
        yield name.replace(" ", "-")
    if not recipe.stop_at_zero_error:
        yield f"{recipe.epochs}-epochs"
    elif recipe.epochs != Recipe.epochs:
        yield f"at-most-{recipe.epochs}-epochs"
    rate = model_spec(recipe.model, recipe.model_options).learning_rate_on(recipe.dataset)
    usual = {field.name: field.default for field in fields(Recipe)} | {"learning_rate": rate}
    for name, value in recipe.as_dict().items():
        if name in IN_THE_PATH or value == usual[name]:
            continue
        number = f"-{value:g}" if isinstance(value, int | float) and value is not True else ""
        yield SHORT.get(name, name.replace("_", "-")) + number


def _plain(name: str) -> str:
    """Letters, digits, and what is safe in every file system."""
    return re.sub(r"[^\w.-]+", "-", name)
