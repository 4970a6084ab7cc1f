"""Fields of a recipe that contradict each other, its network or its dataset.

Does not import torch.
"""

from collections.abc import Iterator

from harness.data.catalogue import DatasetSpec, dataset_spec
from harness.models.registry import EACH_FORM, ModelSpec, is_custom, model_spec
from harness.training.recipe_fields import RecipeFields, check_bounds, invalid

Contradiction = tuple[str, str]
"""The field that is wrong, and what it should be."""


def check_recipe(recipe: RecipeFields) -> None:
    """Raise InvalidRecipe, or UnknownName for a model or dataset, where it cannot be trained."""
    model, data = model_spec(recipe.model), dataset_spec(recipe.dataset)
    check_bounds(recipe)
    for found in (
        _sample(recipe, data),
        _labels_and_inputs(recipe),
        _augmentation(recipe, data),
        _weight_decay(recipe, model),
        _optimizer(recipe),
        _parts(recipe, model),
        _photographs(recipe) if data.is_folder else _in_memory(recipe),
    ):
        for name, remedy in found:
            raise invalid(name, getattr(recipe, name), remedy)


def _sample(recipe: RecipeFields, data: DatasetSpec) -> Iterator[Contradiction]:
    available, left = data.train_size, data.train_size - recipe.images
    if left < 0:
        training = f"the training images of {data.title}"
        yield "train_size", f"an integer from 1 to {available:,}, {training}"
    if recipe.inputs == "test images" and recipe.images > data.test_size:
        leaked = f"the test images of {data.title}, where these are leaked"
        yield "train_size", f"at most {data.test_size:,}, {leaked}"
    if recipe.validation_size > left:
        leaves = f"what train_size = {recipe.train_size!r} leaves of the {available:,} training"
        yield "validation_size", f"at most {left:,}, {leaves} images of {data.title}"
    if recipe.replaced is not None and recipe.replaced >= recipe.images:
        yield "replaced", f"an index in the sample, an integer from 0 to {recipe.images - 1:,}"
    for name, given in (
        ("replaced", recipe.replaced is not None),
        ("keep_answers", recipe.keep_answers),
    ):
        where = f"where {name} is given"
        if given and left == 0:
            needs = "it needs images that the sample leaves out"
            yield "train_size", f"below {available:,} {where}: {needs}"
        if given and recipe.inputs not in ("true", "shuffled pixels"):
            yield "inputs", f"'true' or 'shuffled pixels' {where}"
        if given and recipe.augmentation:
            yield "augmentation", f"() {where}, which is about the images as they are"
        if given and recipe.validation_size:
            yield "validation_size", f"0 {where}: both take the images that the sample leaves out"


def _labels_and_inputs(recipe: RecipeFields) -> Iterator[Contradiction]:
    if recipe.stop_at_zero_error and recipe.evaluation == "at the end":
        yield "evaluation", "another than 'at the end' where stop_at_zero_error is True"
    if recipe.keep_answers and recipe.labels != "two groups":
        yield "labels", "'two groups' where keep_answers is True"
    if recipe.redraw == "inputs each access" and recipe.inputs not in ("random pixels", "gaussian"):
        yield "inputs", "'random pixels' or 'gaussian' where redraw is 'inputs each access'"
    for needs_corruption, words in (
        (recipe.redraw == "labels each epoch", "redraw is 'labels each epoch'"),
        (recipe.label_draw > 0, "label_draw is"),
        (recipe.score_corrupted_test, "score_corrupted_test is True"),
    ):
        if needs_corruption and recipe.label_corruption == 0:
            yield "label_corruption", f"above 0 where {words}"


def _augmentation(recipe: RecipeFields, data: DatasetSpec) -> Iterator[Contradiction]:
    side, size, crop = min(data.shape[1:]), recipe.image_size, recipe.crop
    if recipe.augmentation and recipe.inputs != "true":
        without = "images without structure cannot be cropped or turned"
        yield "inputs", f"'true' where augmentation is on: {without}"
    if "random crop" in recipe.augmentation and not data.is_folder and crop >= side:
        nothing = "where augmentation has 'random crop': there is nothing to crop otherwise"
        yield "crop", f"below {side}, the side of the images of {data.title}, {nothing}"
    if size is not None and recipe.augmentation:
        yield "image_size", "None where augmentation is on: augmented images are not enlarged"
    if size is not None and size < crop:
        yield "image_size", f"an integer from crop = {crop} up: images are cropped, then enlarged"


def _weight_decay(recipe: RecipeFields, model: ModelSpec) -> Iterator[Contradiction]:
    known = model.groups_by_name
    if unknown := [name for name, _ in recipe.weight_decay if name not in known]:
        names = f"one of {', '.join(map(repr, known))}, not {unknown[0]!r}"
        yield "weight_decay", f"pairs whose groups name parameters of {model.name}: {names}"
    decayed = [group for name, _ in recipe.weight_decay for group in known[name]]
    if len(set(decayed)) < len(decayed):
        yield "weight_decay", "groups that have no parameter in common"


def _optimizer(recipe: RecipeFields) -> Iterator[Contradiction]:
    if not recipe.optimizer:
        if recipe.optimizer_options:
            yield "optimizer_options", "() without an optimizer"
        return
    if not is_custom(recipe.optimizer):
        form = f"a class of optimisers: torch.optim:CLASS, {' or '.join(EACH_FORM[1:])}"
        yield "optimizer", form.replace("FACTORY", "CLASS")
    for name in ("momentum", "weight_decay"):
        if getattr(recipe, name) != getattr(RecipeFields, name):
            yield name, f"the paper's where optimizer is given: give it {name} by optimizer_options"


def _parts(recipe: RecipeFields, model: ModelSpec) -> Iterator[Contradiction]:
    if recipe.rank_batch and recipe.rank_batch > recipe.batch_size:
        yield "rank_batch", f"None or an integer from 1 to {recipe.batch_size}, the batch_size"
    if recipe.auxiliary and not model.auxiliary_from:
        yield "auxiliary", f"False: {model.name} has no such classifier"
    if recipe.auxiliary and recipe.crop < model.auxiliary_from:
        yield "crop", f"{model.auxiliary_from} or more where auxiliary is True"


def _in_memory(recipe: RecipeFields) -> Iterator[Contradiction]:
    for name, given in (
        ("skip_corrupt", recipe.skip_corrupt),
        ("colour", "colour" in recipe.augmentation),
    ):
        if given:
            yield "dataset", f"a folder of photographs (imagenet) where {name} is given"


def _photographs(recipe: RecipeFields) -> Iterator[Contradiction]:
    size = recipe.rank_batch or recipe.batch_size
    if size == 1 or recipe.batch_size % size == 1:
        yield (
            "rank_batch" if recipe.rank_batch else "batch_size",
            f"2 or more, and leave no single one of the {recipe.batch_size} photographs of a"
            " batch: BatchNorm normalises each by the others",
        )
    for name in ("inputs", "labels", "replaced", "keep_answers", "score_corrupted_test"):
        if getattr(recipe, name) != (only := getattr(RecipeFields, name)):
            yield name, f"{only!r} on photographs, which are not held in memory"
