"""What makes a recipe impossible: each field's range, and fields that contradict each other.

Does not import torch.
"""

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from harness.data.catalogue import DatasetSpec, dataset_spec
from harness.errors import InvalidRecipe
from harness.models.registry import ModelSpec, model_spec
from harness.values import is_integer, is_number

if TYPE_CHECKING:
    from harness.training.recipe import Recipe

AUGMENTATIONS = ("random crop", "flip", "rotation", "colour")

LEAST = {
    "batch_size": 1,
    "epochs": 1,
    "crop": 1,
    "decay_every": 1,
    "seed": 0,
    "label_draw": 0,
    "validation_size": 0,
}
"""Integer fields, and where they start."""

RANGES = (
    ("label_corruption", lambda value: 0 <= value <= 1, "a share in [0, 1]"),
    ("learning_rate", lambda value: 0 < value < math.inf, "above 0"),
    ("momentum", lambda value: 0 <= value < 1, "in [0, 1)"),
    ("decay", lambda value: 0 < value <= 1, "in (0, 1]"),
    ("dropout", lambda value: 0 <= value < 1, "in [0, 1)"),
    ("batch_norm_momentum", lambda value: 0 < value <= 1, "in (0, 1]"),
)


def check_recipe(recipe: "Recipe") -> None:
    """Raise InvalidRecipe, or UnknownName for a model or dataset, where it cannot be trained."""
    model, data = model_spec(recipe.model), dataset_spec(recipe.dataset)
    _check_ranges(recipe, data)
    _check_what_is_drawn_anew(recipe)
    _check_sample(recipe, data)
    _check_regularizers(recipe, model, data)
    _check_photographs(recipe, model, data)


def as_tuples(value: Any) -> Any:
    """Lists, as JSON knows them, as tuples, to any depth."""
    return tuple(map(as_tuples, value)) if isinstance(value, list | tuple) else value


def _check_ranges(recipe: "Recipe", data: DatasetSpec) -> None:
    for field in fields(recipe):
        choices = get_args(field.type)
        if choices and all(isinstance(choice, str) for choice in choices):
            words = ", ".join(map(repr, choices))
            _require(recipe, getattr(recipe, field.name) in choices, field.name, f"one of {words}")
    for name, least in LEAST.items():
        value = getattr(recipe, name)
        _require(recipe, is_integer(value) and value >= least, name, f"an integer from {least} up")
    size = recipe.train_size
    _require(
        recipe,
        size is None or (is_integer(size) and 1 <= size <= data.train_size),
        "train_size",
        f"an integer from 1 to {data.train_size:,}, the training images of {data.title}",
    )
    for name, within, remedy in RANGES:
        value = getattr(recipe, name)
        _require(recipe, is_number(value) and within(value), name, remedy)
    flags = ("stop_at_zero_error", "keep_answers", "score_corrupted_test")
    for name in (*flags, "auxiliary", "skip_corrupt"):
        _require(recipe, isinstance(getattr(recipe, name), bool), name, "True or False")
    if recipe.stop_at_zero_error:
        _require(
            recipe,
            recipe.evaluation != "at the end",
            "evaluation",
            "another than 'at the end' where stop_at_zero_error is True",
        )


def _check_what_is_drawn_anew(recipe: "Recipe") -> None:
    if recipe.redraw == "inputs each access":
        _require(
            recipe,
            recipe.inputs in ("random pixels", "gaussian"),
            "inputs",
            "'random pixels' or 'gaussian' where redraw is 'inputs each access'",
        )
    for drawn, words in (
        (recipe.redraw == "labels each epoch", "redraw is 'labels each epoch'"),
        (recipe.label_draw > 0, "label_draw is"),
        (recipe.score_corrupted_test, "score_corrupted_test is True"),
    ):
        _require(
            recipe,
            not drawn or recipe.label_corruption > 0,
            "label_corruption",
            f"above 0 where {words}",
        )


def _check_sample(recipe: "Recipe", data: DatasetSpec) -> None:
    """Refuse replacements, answers and validation images that mean nothing or are not there."""
    index, available = recipe.replaced, data.train_size
    _require(
        recipe,
        index is None or (is_integer(index) and 0 <= index < recipe.images),
        "replaced",
        f"None or a place in the sample, an integer from 0 to {recipe.images - 1:,}",
    )
    given = {"replaced": index is not None, "keep_answers": recipe.keep_answers}
    for name in (name for name, is_given in given.items() if is_given):
        _require(
            recipe,
            recipe.images < available,
            "train_size",
            f"below {available:,} where {name} is given: it needs images that the sample"
            " leaves out",
        )
        _require(
            recipe,
            recipe.inputs in ("true", "shuffled pixels"),
            "inputs",
            f"'true' or 'shuffled pixels' where {name} is given",
        )
        _require(
            recipe,
            not recipe.augmentation,
            "augmentation",
            f"() where {name} is given, which is about the images as they are",
        )
        _require(
            recipe,
            not recipe.validation_size,
            "validation_size",
            f"0 where {name} is given: both take the images that the sample leaves out",
        )
    if recipe.keep_answers:
        _require(
            recipe,
            recipe.labels == "two groups",
            "labels",
            "'two groups' where keep_answers is True",
        )
    left = available - recipe.images
    _require(
        recipe,
        recipe.validation_size <= left,
        "validation_size",
        f"at most {left:,}, what train_size = {recipe.train_size!r} leaves of the"
        f" {available:,} training images of {data.title}",
    )


def _check_regularizers(recipe: "Recipe", model: ModelSpec, data: DatasetSpec) -> None:
    names = recipe.augmentation
    known = ", ".join(map(repr, AUGMENTATIONS))
    _require(
        recipe,
        isinstance(names, tuple)
        and all(name in AUGMENTATIONS for name in names)
        and len(set(names)) == len(names),
        "augmentation",
        f"a tuple of any of {known}, each at most once",
    )
    if names:
        _require(
            recipe,
            recipe.inputs == "true",
            "inputs",
            "'true' where augmentation is on: images without structure cannot be cropped or turned",
        )
    if "random crop" in names and not data.is_folder:
        side = min(data.shape[1:])
        _require(
            recipe,
            recipe.crop < side,
            "crop",
            f"below {side}, the side of the images of {data.title}, where augmentation has"
            " 'random crop': there is nothing to crop otherwise",
        )
    decayed: list[str] = []
    for pair in recipe.weight_decay if isinstance(recipe.weight_decay, tuple) else (None,):
        _require(
            recipe,
            isinstance(pair, tuple)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and is_number(pair[1])
            and 0 < pair[1] < math.inf,
            "weight_decay",
            "pairs of a parameter group and a coefficient above 0, as in (('weights', 0.0005),)",
        )
        _require(
            recipe,
            pair[0] in model.groups_by_name,
            "weight_decay",
            f"pairs whose groups name parameters of {model.name}: one of"
            f" {', '.join(map(repr, model.groups_by_name))}, not {pair[0]!r}",
        )
        decayed += model.groups_by_name[pair[0]]
    _require(
        recipe,
        len(set(decayed)) == len(decayed),
        "weight_decay",
        "groups that have no parameter in common",
    )


def _check_photographs(recipe: "Recipe", model: ModelSpec, data: DatasetSpec) -> None:
    """Refuse what photographs alone have, and what they do not have."""
    part = recipe.rank_batch
    _require(
        recipe,
        part is None or (is_integer(part) and 1 <= part <= recipe.batch_size),
        "rank_batch",
        f"None or an integer from 1 to {recipe.batch_size}, the batch_size",
    )
    if recipe.auxiliary:
        least = model.auxiliary_from
        _require(recipe, least > 0, "auxiliary", f"False: {model.name} has no such classifier")
        _require(recipe, recipe.crop >= least, "crop", f"{least} or more where auxiliary is True")
    if not data.is_folder:
        for name in ("skip_corrupt", "colour"):
            given = recipe.skip_corrupt if name == "skip_corrupt" else name in recipe.augmentation
            _require(
                recipe,
                not given,
                "dataset",
                f"a folder of photographs (imagenet) where {name} is given",
            )
        return
    name, size = ("rank_batch", part) if part else ("batch_size", recipe.batch_size)
    _require(
        recipe,
        size > 1 and recipe.batch_size % size != 1,
        name,
        f"2 or more, and leave no single one of the {recipe.batch_size} photographs of a batch:"
        " BatchNorm normalises each by the others",
    )
    for name, only in (("inputs", "true"), ("labels", "classes"), ("replaced", None)):
        _require(
            recipe,
            getattr(recipe, name) == only,
            name,
            f"{only!r} on photographs, which are not held in memory",
        )
    for name in ("keep_answers", "score_corrupted_test"):
        _require(recipe, not getattr(recipe, name), name, "False on photographs")


def _require(recipe: "Recipe", holds: bool, name: str, remedy: str) -> None:
    if not holds:
        raise InvalidRecipe(f"{name} = {getattr(recipe, name)!r}, but it should be {remedy}")
