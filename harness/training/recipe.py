"""A recipe says everything about one training. Does not import torch.

Variants are made with `dataclasses.replace`, so that what differs is what is written.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe
from harness.models.options import check_size, options_of
from harness.models.registry import model_spec

STEPS_PER_PAPER_EPOCH = 391
"""ceil(50,000 / 128): Figure 1a has one point every 391 steps."""

Inputs = Literal["true", "shuffled pixels", "random pixels", "gaussian"]
Labels = Literal["classes", "two groups"]
Redraw = Literal["never", "labels each epoch", "inputs each access"]
Evaluation = Literal["every epoch", "once nearly fitted", "at the end"]
Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training, from data to stopping rule; the defaults are appendix A's for the MLPs.

    Raises InvalidRecipe, or UnknownName for a model or dataset, when it is made.
    """

    model: str
    model_options: tuple[tuple[str, Any], ...] = ()
    """Arguments, by name, of the factory of a network from outside."""
    dataset: str = "cifar10"
    train_size: int | None = None
    """Number of training images, drawn by the seed; None for all of them."""
    crop: int = 28
    """Largest height and width; larger images are cropped from the centre."""
    image_size: int | None = None
    """Height and width to which cropped images are enlarged, bilinearly; None: as they are."""
    label_corruption: float = 0.0
    """Probability with which each training label is replaced by a uniform class."""
    labels: Labels = "classes"
    """What is learned: the dataset's classes, or its two groups of them (CIFAR-10: vehicles and
    animals). Two groups with label_corruption = 1 are random signs (section 2.2)."""
    label_draw: int = 0
    """Which draw of the random labels; nothing else hangs on it, not even the sample."""
    replaced: int | None = None
    """Place in the sample of one example that another takes, which the sample left out, with all
    other randomness the same: uniform stability (section 2.2)."""
    inputs: Inputs = "true"
    redraw: Redraw = "never"
    """What is drawn again and again instead of once: the broken premise of controls."""
    batch_size: int = 128
    learning_rate: float = 0.01
    momentum: float = 0.9
    decay: float = 0.95
    """The learning rate is multiplied by this every ``decay_every`` steps."""
    decay_every: int = STEPS_PER_PAPER_EPOCH
    """In steps: the paper's epoch, also where an epoch is shorter."""
    batch_norm_momentum: float = 0.1
    """How far BatchNorm's running averages move a step. Not published; TF-Slim's 0.0003 is too
    slow for short runs, and where an epoch has two steps, 0.1 is too slow as well."""
    epochs: int = 100
    stop_at_zero_error: bool = False
    """End at the first full evaluation without a training error."""
    evaluation: Evaluation = "every epoch"
    """When the whole training set is evaluated; "once nearly fitted" waits for 99 % online
    accuracy. The last epoch always is evaluated, and "at the end" no other."""
    keep_answers: bool = False
    """Keep what the final network answers on the sample, as it was before any replacement, and on
    as many images that it left out."""
    precision: Precision = "auto"
    """bf16 means autocast over float32 weights; auto takes it where the hardware has it."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming the field, the value and what would do."""
        object.__setattr__(self, "model_options", options_of(self.model, self.model_options))
        check_size(self.crop, self.image_size)
        data = dataset_spec(self.dataset)
        for field in fields(self):
            choices = get_args(field.type)
            if choices and all(isinstance(choice, str) for choice in choices):
                self._require(
                    getattr(self, field.name) in choices,
                    field.name,
                    f"one of {', '.join(map(repr, choices))}",
                )
        for name, least in {
            "batch_size": 1,
            "epochs": 1,
            "crop": 1,
            "decay_every": 1,
            "seed": 0,
            "label_draw": 0,
        }.items():
            value = getattr(self, name)
            self._require(_is_int(value) and value >= least, name, f"an integer from {least} up")
        size = self.train_size
        self._require(
            size is None or (_is_int(size) and 1 <= size <= data.train_size),
            "train_size",
            f"an integer from 1 to {data.train_size:,}, the training images of {data.title}",
        )
        for name, within, remedy in (
            ("label_corruption", lambda value: 0 <= value <= 1, "a share in [0, 1]"),
            ("learning_rate", lambda value: 0 < value < math.inf, "above 0"),
            ("momentum", lambda value: 0 <= value < 1, "in [0, 1)"),
            ("decay", lambda value: 0 < value <= 1, "in (0, 1]"),
            ("batch_norm_momentum", lambda value: 0 < value <= 1, "in (0, 1]"),
        ):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            self._require(is_number and within(value), name, remedy)
        for name in ("stop_at_zero_error", "keep_answers"):
            self._require(isinstance(getattr(self, name), bool), name, "True or False")
        if self.stop_at_zero_error:
            self._require(
                self.evaluation != "at the end",
                "evaluation",
                "'every epoch' or 'once nearly fitted' where stop_at_zero_error is True",
            )
        self._check_section_2_2(data.train_size)
        if self.redraw == "inputs each access":
            self._require(
                self.inputs in ("random pixels", "gaussian"),
                "inputs",
                "'random pixels' or 'gaussian' where redraw is 'inputs each access'",
            )
        if self.redraw == "labels each epoch":
            self._require(
                self.label_corruption > 0,
                "label_corruption",
                "above 0 where redraw is 'labels each epoch'",
            )

    def _check_section_2_2(self, available: int) -> None:
        """Refuse replacements and answers that mean nothing."""
        if self.label_draw:
            self._require(
                self.label_corruption > 0, "label_corruption", "above 0 where label_draw is"
            )
        index = self.replaced
        self._require(
            index is None or (_is_int(index) and 0 <= index < self.images),
            "replaced",
            f"None or a place in the sample, an integer from 0 to {self.images - 1:,}",
        )
        for name in ("replaced", "keep_answers"):
            if getattr(self, name) is None or getattr(self, name) is False:
                continue
            self._require(
                self.images < available,
                "train_size",
                f"below {available:,} where {name} is given: it needs images that the sample"
                " leaves out",
            )
            self._require(
                self.inputs in ("true", "shuffled pixels"),
                "inputs",
                f"'true' or 'shuffled pixels' where {name} is given",
            )
        if self.keep_answers:
            self._require(
                self.labels == "two groups", "labels", "'two groups' where keep_answers is True"
            )

    def _require(self, holds: bool, name: str, remedy: str) -> None:
        if not holds:
            raise InvalidRecipe(f"{name} = {getattr(self, name)!r}, but it should be {remedy}")

    @property
    def images(self) -> int:
        """The number of training images."""
        return self.train_size or dataset_spec(self.dataset).train_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image as the network sees it."""
        channels, height, width = dataset_spec(self.dataset).shape
        if self.image_size is not None:
            return channels, self.image_size, self.image_size
        return channels, min(height, self.crop), min(width, self.crop)

    @property
    def test_images(self) -> int:
        """The number of test images."""
        return dataset_spec(self.dataset).test_size

    @property
    def classes(self) -> int:
        """The number of classes, or two where groups of them are learned."""
        return 2 if self.labels == "two groups" else dataset_spec(self.dataset).classes

    @property
    def title(self) -> str:
        """The network's name for people, with the arguments that it was made with."""
        return model_spec(self.model, self.model_options).paper_name

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be smaller, and counts."""
        return -(-self.images // self.batch_size)

    @property
    def cost(self) -> float:
        """Arithmetic if every epoch is run, in billions of multiply-adds: for planning only."""
        _, height, width = self.image_shape
        area = height * width
        per_image = model_spec(self.model).cost * area / 28**2
        return per_image * self.images * self.epochs

    @property
    def work(self) -> str:
        """What there is to do, in words."""
        return f"{'at most ' if self.stop_at_zero_error else ''}{self.epochs} epochs"

    @property
    def setting(self) -> str:
        """The randomisation in words, as in Figure 1."""
        parts = []
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

    def __str__(self) -> str:
        """Short and readable: network, data, setting, seed."""
        data = f"{self.dataset} (n = {self.images:,})"
        spec = model_spec(self.model, self.model_options)
        name = spec.paper_name if spec.foreign else self.model
        return f"{name} on {data}, {self.setting}, seed {self.seed}"

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, for JSON."""
        return asdict(self)


def differing_fields(one: Recipe, other: Recipe) -> tuple[str, ...]:
    """The names of the fields in which two recipes differ."""
    return tuple(
        field.name
        for field in fields(Recipe)
        if getattr(one, field.name) != getattr(other, field.name)
    )


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
