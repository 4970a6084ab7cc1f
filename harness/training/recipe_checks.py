"""Fields of a recipe that contradict each other, its network or its dataset.

Does not import torch.
"""

import math
from collections.abc import Iterator

from harness.data.catalogue import DatasetSpec, dataset_spec
from harness.models.address import EACH_FORM, is_custom
from harness.models.registry import ModelSpec, model_spec
from harness.training.recipe_fields import RecipeFields, check_bounds, invalid
from harness.values import is_integer, is_number

AUGMENTATIONS = ("random crop", "flip", "rotation", "colour")
DECAY_FORM = "pairs of a parameter group and a coefficient above 0, as in (('weights', 0.0005),)"

Check = tuple[bool, str, str]
"""Whether it holds, the field that is wrong otherwise, and what that field should be."""


def check_recipe(recipe: RecipeFields) -> None:
    """Raise InvalidRecipe, or UnknownName for a model or dataset, where it cannot be trained."""
    model, data = model_spec(recipe.model), dataset_spec(recipe.dataset)
    check_bounds(recipe)
    for checks in (
        _drawn_anew(recipe),
        _sample(recipe, data),
        _augmentation(recipe, data),
        _enlarged(recipe),
        _weight_decay(recipe, model),
        _optimizer(recipe),
        _parts(recipe, model),
        _photographs(recipe) if data.is_folder else _in_memory(recipe),
    ):
        for holds, name, remedy in checks:
            if not holds:
                raise invalid(name, getattr(recipe, name), remedy)


def _drawn_anew(recipe: RecipeFields) -> Iterator[Check]:
    if recipe.stop_at_zero_error:
        remedy = "another than 'at the end' where stop_at_zero_error is True"
        yield recipe.evaluation != "at the end", "evaluation", remedy
    if recipe.redraw == "inputs each access":
        remedy = "'random pixels' or 'gaussian' where redraw is 'inputs each access'"
        yield recipe.inputs in ("random pixels", "gaussian"), "inputs", remedy
    for needs_corruption, words in (
        (recipe.redraw == "labels each epoch", "redraw is 'labels each epoch'"),
        (recipe.label_draw > 0, "label_draw is"),
        (recipe.score_corrupted_test, "score_corrupted_test is True"),
    ):
        holds = not needs_corruption or recipe.label_corruption > 0
        yield holds, "label_corruption", f"above 0 where {words}"


def _sample(recipe: RecipeFields, data: DatasetSpec) -> Iterator[Check]:
    size, index, available = recipe.train_size, recipe.replaced, data.train_size
    yield (
        size is None or (is_integer(size) and 1 <= size <= available),
        "train_size",
        f"an integer from 1 to {available:,}, the training images of {data.title}",
    )
    yield (
        index is None or (is_integer(index) and 0 <= index < recipe.images),
        "replaced",
        f"None or an index in the sample, an integer from 0 to {recipe.images - 1:,}",
    )
    for name, given in (("replaced", index is not None), ("keep_answers", recipe.keep_answers)):
        if given:
            where = f"where {name} is given"
            needs = f"below {available:,} {where}: it needs images that the sample leaves out"
            yield recipe.images < available, "train_size", needs
            fixed = recipe.inputs in ("true", "shuffled pixels")
            yield fixed, "inputs", f"'true' or 'shuffled pixels' {where}"
            unchanged = f"() {where}, which is about the images as they are"
            yield not recipe.augmentation, "augmentation", unchanged
            shared = f"0 {where}: both take the images that the sample leaves out"
            yield not recipe.validation_size, "validation_size", shared
    if recipe.keep_answers:
        yield recipe.labels == "two groups", "labels", "'two groups' where keep_answers is True"
    yield (
        recipe.inputs != "test images" or recipe.images <= data.test_size,
        "train_size",
        f"at most {data.test_size:,}, the test images of {data.title}, where these are leaked",
    )
    left = available - recipe.images
    yield (
        recipe.validation_size <= left,
        "validation_size",
        f"at most {left:,}, what train_size = {size!r} leaves of the {available:,} training"
        f" images of {data.title}",
    )


def _augmentation(recipe: RecipeFields, data: DatasetSpec) -> Iterator[Check]:
    names, known = recipe.augmentation, ", ".join(map(repr, AUGMENTATIONS))
    yield (
        isinstance(names, tuple)
        and all(name in AUGMENTATIONS for name in names)
        and len(set(names)) == len(names),
        "augmentation",
        f"a tuple of any of {known}, each at most once",
    )
    yield (
        not names or recipe.inputs == "true",
        "inputs",
        "'true' where augmentation is on: images without structure cannot be cropped or turned",
    )
    side = min(data.shape[1:])
    yield (
        "random crop" not in names or data.is_folder or recipe.crop < side,
        "crop",
        f"below {side}, the side of the images of {data.title}, where augmentation has"
        " 'random crop': there is nothing to crop otherwise",
    )


def _enlarged(recipe: RecipeFields) -> Iterator[Check]:
    size, crop = recipe.image_size, recipe.crop
    if size is not None:
        remedy = "None where augmentation is on: augmented images are not enlarged"
        yield not recipe.augmentation, "image_size", remedy
        remedy = f"None or an integer from crop = {crop} up: images are cropped, then enlarged"
        yield is_integer(size) and size >= crop, "image_size", remedy


def _weight_decay(recipe: RecipeFields, model: ModelSpec) -> Iterator[Check]:
    decayed: list[str] = []
    yield isinstance(recipe.weight_decay, tuple), "weight_decay", DECAY_FORM
    for pair in recipe.weight_decay:
        is_pair = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        sound = is_pair and is_number(pair[1]) and 0 < pair[1] < math.inf
        yield sound, "weight_decay", DECAY_FORM
        yield (
            pair[0] in model.groups_by_name,
            "weight_decay",
            f"pairs whose groups name parameters of {model.name}: one of"
            f" {', '.join(map(repr, model.groups_by_name))}, not {pair[0]!r}",
        )
        decayed += model.groups_by_name[pair[0]]
    distinct = len(set(decayed)) == len(decayed)
    yield distinct, "weight_decay", "groups that have no parameter in common"


def _optimizer(recipe: RecipeFields) -> Iterator[Check]:
    if not recipe.optimizer:
        yield not recipe.optimizer_options, "optimizer_options", "() without an optimizer"
        return
    form = f"a class of optimisers: torch.optim:CLASS, {' or '.join(EACH_FORM[1:])}"
    yield is_custom(recipe.optimizer), "optimizer", form.replace("FACTORY", "CLASS")
    for name in ("momentum", "weight_decay"):
        remedy = f"the paper's where optimizer is given: give it {name} by optimizer_options"
        yield getattr(recipe, name) == getattr(RecipeFields, name), name, remedy


def _parts(recipe: RecipeFields, model: ModelSpec) -> Iterator[Check]:
    part, least = recipe.rank_batch, model.auxiliary_from
    yield (
        part is None or (is_integer(part) and 1 <= part <= recipe.batch_size),
        "rank_batch",
        f"None or an integer from 1 to {recipe.batch_size}, the batch_size",
    )
    if recipe.auxiliary:
        yield least > 0, "auxiliary", f"False: {model.name} has no such classifier"
        yield recipe.crop >= least, "crop", f"{least} or more where auxiliary is True"


def _in_memory(recipe: RecipeFields) -> Iterator[Check]:
    remedy = "a folder of photographs (imagenet) where {} is given"
    yield not recipe.skip_corrupt, "dataset", remedy.format("skip_corrupt")
    yield "colour" not in recipe.augmentation, "dataset", remedy.format("colour")


def _photographs(recipe: RecipeFields) -> Iterator[Check]:
    size = recipe.rank_batch or recipe.batch_size
    yield (
        size > 1 and recipe.batch_size % size != 1,
        "rank_batch" if recipe.rank_batch else "batch_size",
        f"2 or more, and leave no single one of the {recipe.batch_size} photographs of a batch:"
        " BatchNorm normalises each by the others",
    )
    for name, only in (("inputs", "true"), ("labels", "classes"), ("replaced", None)):
        holds = getattr(recipe, name) == only
        yield holds, name, f"{only!r} on photographs, which are not held in memory"
    for name in ("keep_answers", "score_corrupted_test"):
        yield not getattr(recipe, name), name, "False on photographs"
