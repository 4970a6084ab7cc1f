"""A recipe says everything about one training. Does not import torch.

Variants are made with `dataclasses.replace`, so that only what differs is written.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe, UnknownName
from harness.models.registry import (
    FORMS,
    is_custom,
    model_spec,
    network_title,
    options_of,
    pairs_of,
    titled,
)
from harness.training.recipe_fields import LATER, RecipeFields, check_bounds, invalid
from harness.values import as_tuples


@dataclass(frozen=True, kw_only=True)
class Recipe(RecipeFields):
    """One training, from data to stopping rule; see `RecipeFields` for the fields.

    Raises InvalidRecipe, or UnknownName for a model or dataset, when it is made.
    """

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming the field, the value and the remedy."""
        object.__setattr__(self, "model_options", options_of(self.model, self.model_options))
        pairs = pairs_of("optimizer_options", self.optimizer_options)
        object.__setattr__(self, "optimizer_options", pairs)
        for name in ("augmentation", "weight_decay"):
            object.__setattr__(self, name, as_tuples(getattr(self, name)))
        check_bounds(self)
        for name, remedy in _contradictions(self):
            raise invalid(name, getattr(self, name), remedy)

    @property
    def images(self) -> int:
        """The number of training images."""
        return self.train_size or dataset_spec(self.dataset).train_size

    @property
    def ends_with_one_image(self) -> bool:
        """Whether the last batch of an epoch is a single image, which BatchNorm may not take."""
        return self.batch_size == 1 or self.images % self.batch_size == 1

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image as the network sees it."""
        channels, height, width = dataset_spec(self.dataset).shape
        if self.image_size is not None:
            return channels, self.image_size, self.image_size
        return channels, min(height, self.crop), min(width, self.crop)

    @property
    def classes(self) -> int:
        """The number of classes; two where two groups of them are learned."""
        return 2 if self.labels == "two groups" else dataset_spec(self.dataset).classes

    @property
    def title(self) -> str:
        """The network's name in words, with its arguments, and an optimiser that is not SGD."""
        options = self.model_options, self.optimizer, self.optimizer_options
        return network_title(self.model, *options)

    @property
    def optimizer_title(self) -> str:
        """The optimiser that is not the paper's, with its arguments; empty for the paper's."""
        return titled(self.optimizer, self.optimizer_options) if self.optimizer else ""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch, a smaller last one included."""
        return -(-self.images // self.batch_size)

    @property
    def processes(self) -> int:
        """The most processes, each with its own device, that can share a batch."""
        return -(-self.batch_size // self.rank_batch) if self.rank_batch else 1

    @property
    def cost(self) -> float:
        """Billions of multiply-adds if every epoch is run; for planning only."""
        _, height, width = self.image_shape
        per_image = model_spec(self.model).cost * height * width / 28**2
        return per_image * self.images * self.epochs

    @property
    def work(self) -> str:
        """The number of epochs, in words."""
        return f"{'at most ' if self.stop_at_zero_error else ''}{self.epochs} epochs"

    @property
    def setting(self) -> str:
        """The randomisation in words, as in Figure 1."""
        parts: list[str] = []
        if self.inputs != "true":
            parts.append(self.inputs)
        two = self.labels == "two groups"
        if self.label_corruption == 1:
            parts.append("random signs" if two else "random labels")
        elif self.label_corruption > 0:
            of = " of two groups" if two else ""
            parts.append(f"labels{of} corrupted with p = {self.label_corruption:g}")
        elif two:
            parts.append("two groups")
        words = " and ".join(parts) or "true labels"
        if self.label_draw:
            words += f" (draw {self.label_draw})"
        if self.replaced is not None:
            words += f", example {self.replaced} replaced"
        return words if self.redraw == "never" else f"{words}, {self.redraw}"

    @property
    def regularizers(self) -> str:
        """The explicit regularisers that are on, in words; empty if none is."""
        parts = list(self.augmentation)
        parts += [f"weight decay {value:g} of {group}" for group, value in self.weight_decay]
        if self.dropout:
            parts.append(f"dropout {self.dropout:g}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Network, data, setting, regularisers and seed, in words."""
        whole = self.train_size is None and dataset_spec(self.dataset).is_folder
        data = f"{self.dataset} ({'all' if whole else f'n = {self.images:,}'})"
        optional = filter(None, [self.regularizers, self.optimizer_title])
        words = [self.setting, *optional, f"seed {self.seed}"]
        spec = model_spec(self.model, self.model_options)
        name = spec.paper_name if spec.custom else self.model
        return f"{name} on {data}, {', '.join(words)}"

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, for JSON; those of `LATER` only where they say something."""
        values = vars(self).items()
        return {name: it for name, it in values if name not in LATER or it != LATER[name]}

    def to_json(self) -> bytes:
        """The file that `from_json` and ``python -m harness train FILE.json`` read."""
        return json.dumps(self.as_dict(), indent=1).encode()

    @classmethod
    def from_json(cls, path: Path) -> "Recipe":
        """The recipe in a file; raises InvalidRecipe, with the path, if it holds none."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            if isinstance(error, InvalidRecipe):
                raise
            raise InvalidRecipe(f"{path} holds no recipe: {error}") from error


def changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    """The recipe with fields changed by name; raises UnknownName for an unknown field."""
    known = [field.name for field in fields(Recipe)]
    if unknown := [name for name in changes if name not in known]:
        raise UnknownName("recipe field", unknown[0], known)
    return replace(recipe, **changes)


def differing_fields(one: Recipe, other: Recipe) -> tuple[str, ...]:
    """The names of the fields in which two recipes differ."""
    return tuple(
        field.name
        for field in fields(Recipe)
        if getattr(one, field.name) != getattr(other, field.name)
    )


def _contradictions(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Fields that contradict others, the network or the dataset, and what each should be."""
    model, data = model_spec(recipe.model), dataset_spec(recipe.dataset)
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
    if recipe.keep_answers and recipe.labels != "two groups":
        yield "labels", "'two groups' where keep_answers is True"

    if recipe.stop_at_zero_error and recipe.evaluation == "at the end":
        yield "evaluation", "another than 'at the end' where stop_at_zero_error is True"
    if recipe.redraw == "inputs each access" and recipe.inputs not in ("random pixels", "gaussian"):
        yield "inputs", "'random pixels' or 'gaussian' where redraw is 'inputs each access'"
    for needs_corruption, words in (
        (recipe.redraw == "labels each epoch", "redraw is 'labels each epoch'"),
        (recipe.label_draw > 0, "label_draw is"),
        (recipe.score_corrupted_test, "score_corrupted_test is True"),
    ):
        if needs_corruption and recipe.label_corruption == 0:
            yield "label_corruption", f"above 0 where {words}"

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

    known = model.groups_by_name
    if unknown := [name for name, _ in recipe.weight_decay if name not in known]:
        names = f"one of {', '.join(map(repr, known))}, not {unknown[0]!r}"
        yield "weight_decay", f"pairs whose groups name parameters of {model.name}: {names}"
    decayed = [group for name, _ in recipe.weight_decay for group in known[name]]
    if len(set(decayed)) < len(decayed):
        yield "weight_decay", "groups that have no parameter in common"
    if recipe.optimizer_options and not recipe.optimizer:
        yield "optimizer_options", "() without an optimizer"
    if recipe.optimizer and not is_custom(recipe.optimizer):
        yield "optimizer", f"a class of optimisers: {FORMS['optimiser']}"
    for name in ("momentum", "weight_decay"):
        if recipe.optimizer and getattr(recipe, name) != getattr(Recipe, name):
            yield name, f"the paper's where optimizer is given: give it {name} by optimizer_options"
    if recipe.rank_batch and recipe.rank_batch > recipe.batch_size:
        yield "rank_batch", f"None or an integer from 1 to {recipe.batch_size}, the batch_size"
    if recipe.auxiliary and not model.auxiliary_from:
        yield "auxiliary", f"False: {model.name} has no such classifier"
    if recipe.auxiliary and recipe.crop < model.auxiliary_from:
        yield "crop", f"{model.auxiliary_from} or more where auxiliary is True"
    yield from _of_photographs(recipe) if data.is_folder else _of_images_in_memory(recipe)


def _of_images_in_memory(recipe: Recipe) -> Iterator[tuple[str, str]]:
    for name, given in (
        ("skip_corrupt", recipe.skip_corrupt),
        ("colour", "colour" in recipe.augmentation),
    ):
        if given:
            yield "dataset", f"a folder of photographs (imagenet) where {name} is given"


def _of_photographs(recipe: Recipe) -> Iterator[tuple[str, str]]:
    size = recipe.rank_batch or recipe.batch_size
    if size == 1 or recipe.batch_size % size == 1:
        yield (
            "rank_batch" if recipe.rank_batch else "batch_size",
            f"2 or more, and leave no single one of the {recipe.batch_size} photographs of a"
            " batch: BatchNorm normalises each by the others",
        )
    for name in ("inputs", "labels", "replaced", "keep_answers", "score_corrupted_test"):
        if getattr(recipe, name) != (only := getattr(Recipe, name)):
            yield name, f"{only!r} on photographs, which are not held in memory"
