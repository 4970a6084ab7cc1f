"""The fields of a recipe, each with its bound in its type. Does not import torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from harness.errors import InvalidRecipe
from harness.values import is_integer, is_number

STEPS_PER_PAPER_EPOCH = 391
"""ceil(50,000 / 128): Figure 1a has one point every 391 steps."""


@dataclass(frozen=True)
class Bound:
    """What one value must be."""

    holds: Callable[[Any], bool]
    words: str


def _integer_from(least: int) -> Bound:
    return Bound(lambda it: is_integer(it) and it >= least, f"an integer from {least} up")


def _number(within: Callable[[float], bool], words: str) -> Bound:
    return Bound(lambda it: is_number(it) and within(it), words)


Count = Annotated[int, _integer_from(1)]
Natural = Annotated[int, _integer_from(0)]
Positive = Annotated[float, _number(lambda it: 0 < it < math.inf, "above 0")]
Share = Annotated[float, _number(lambda it: 0 <= it <= 1, "a share in [0, 1]")]
ShareBelow1 = Annotated[float, _number(lambda it: 0 <= it < 1, "in [0, 1)")]
ShareAbove0 = Annotated[float, _number(lambda it: 0 < it <= 1, "in (0, 1]")]


AUGMENTATIONS = ("random crop", "flip", "rotation", "colour")


def _are_augmentations(names: Any) -> bool:
    known = isinstance(names, tuple) and all(name in AUGMENTATIONS for name in names)
    return known and len(set(names)) == len(names)


def _are_decays(pairs: Any) -> bool:
    return isinstance(pairs, tuple) and all(
        isinstance(it, tuple)
        and len(it) == 2
        and isinstance(it[0], str)
        and is_number(it[1])
        and 0 < it[1] < math.inf
        for it in pairs
    )


Augmentation = Annotated[
    tuple[str, ...],
    Bound(
        _are_augmentations,
        f"a tuple of any of {', '.join(map(repr, AUGMENTATIONS))}, each at most once",
    ),
]
WeightDecay = Annotated[
    tuple[tuple[str, float], ...],
    Bound(
        _are_decays,
        "pairs of a parameter group and a coefficient above 0, as in (('weights', 0.0005),)",
    ),
]

Inputs = Literal["true", "shuffled pixels", "random pixels", "gaussian", "test images"]
Labels = Literal["classes", "two groups"]
Redraw = Literal["never", "labels each epoch", "inputs each access"]
Evaluation = Literal["every epoch", "test every epoch", "once nearly fitted", "at the end"]
Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class RecipeFields:
    """What a recipe says; the defaults are appendix A's for the MLPs."""

    model: str
    model_options: tuple[tuple[str, Any], ...] = ()
    """Arguments, by name, of a custom network's factory."""
    dataset: str = "cifar10"
    train_size: Count | None = None
    """Number of training images, drawn by the seed; None for all of them."""
    crop: Count = 28
    """Largest height and width; larger images are cropped from the centre."""
    image_size: Count | None = None
    """Height and width to which cropped images are enlarged, bilinearly; None: as they are."""
    label_corruption: Share = 0.0
    """Probability with which each training label is replaced by a uniform class."""
    labels: Labels = "classes"
    """What is learned: the dataset's classes, or its two groups of them (CIFAR-10: vehicles and
    animals). Two groups with label_corruption = 1 are random signs (section 2.2)."""
    label_draw: Natural = 0
    """Which draw of the random labels. It changes nothing else, not even the sample."""
    replaced: Natural | None = None
    """Index in the sample of one example that is replaced by one that the sample left out, with
    all other randomness the same: uniform stability (section 2.2)."""
    inputs: Inputs = "true"
    """"test images" is a leak, for controls: the network trains on the first ``train_size`` test
    images, with the labels that it is scored on, and is scored on these alone."""
    redraw: Redraw = "never"
    """What is drawn again and again instead of once: the broken premise of controls."""
    batch_size: Count = 128
    learning_rate: Positive = 0.01
    momentum: ShareBelow1 = 0.9
    """Of the paper's SGD; another optimiser has its own options."""
    optimizer: str = ""
    """Another optimiser's class, as in "torch.optim:AdamW"; empty: SGD with momentum. Its learning
    rate and schedule are the recipe's."""
    optimizer_options: tuple[tuple[str, Any], ...] = ()
    """That class's other arguments, by name."""
    decay: ShareAbove0 = 0.95
    """The learning rate is multiplied by this every ``decay_every`` steps."""
    decay_every: Count = STEPS_PER_PAPER_EPOCH
    """In steps: the paper's epoch, also where an epoch is shorter."""
    augmentation: Augmentation = ()
    """Any of "random crop", "flip", "rotation" (up to 25 degrees), and for photographs "colour".
    Each training image is drawn anew every epoch. Images are evaluated as they are, cropped from
    the centre. Photographs are cropped as Inception's: see `harness.data.photo_batches`."""
    weight_decay: WeightDecay = ()
    """Pairs of a parameter group of the network and its coefficient, the factor of the weights in
    the gradient: (("weights", 0.0005),). Groups that are not named are not decayed."""
    dropout: ShareBelow1 = 0.0
    """Probability with which each input of the output layer is dropped in training."""
    batch_norm_momentum: ShareAbove0 = 0.1
    """How far BatchNorm's running averages move a step. Not published; TF-Slim's 0.0003 is too
    slow for short runs, and where an epoch has two steps, 0.1 is too slow as well."""
    auxiliary: bool = False
    """Train with the network's auxiliary classifier, whose loss counts 0.4 times."""
    rank_batch: Count | None = None
    """Images of a batch that one process takes at a time, and that BatchNorm normalises together;
    None: all images of the process. A single process takes such parts one after the other."""
    skip_corrupt: bool = False
    """Leave out and count the photographs that do not decode. Without it they are an error."""
    epochs: Count = 100
    stop_at_zero_error: bool = False
    """End at the first full evaluation without a training error."""
    evaluation: Evaluation = "every epoch"
    """When the whole training set is evaluated. "once nearly fitted" waits for 99 % online accuracy
    (a custom network: or for 99 % of its first 1,000 images in evaluation mode). "test every
    epoch" waits in the same way, and evaluates the smaller test and validation sets every time.
    The last epoch is always evaluated; with "at the end" it is the only one."""
    validation_size: Natural = 0
    """Number of training images held out next to the sample, their labels drawn in the same way:
    an epoch or a coefficient may be chosen on them."""
    score_corrupted_test: bool = False
    """Count, at the end, also against test labels that are corrupted with the same probability as
    the training labels: what Figure 1c almost surely shows."""
    keep_answers: bool = False
    """Keep the final network's logit margins on the sample, as it was before any replacement, and
    on as many images that it left out."""
    precision: Precision = "auto"
    """bf16 means autocast over float32 weights; auto takes it where the hardware has it."""
    seed: Natural = 0


LATER = {"optimizer": "", "optimizer_options": ()}
"""Fields that came after the first records, and their defaults, at which no recipe's JSON has them:
so records and keys of runs made before them mean what they meant."""


def check_bounds(recipe: RecipeFields) -> None:
    """Raise InvalidRecipe for a field out of the bound that its type states."""
    for field in fields(recipe):
        value, bound = getattr(recipe, field.name), _bound_of(field.type)  # type: ignore[arg-type]
        if bound and not bound.holds(value):
            raise invalid(field.name, value, bound.words)


def invalid(name: str, value: object, remedy: str) -> InvalidRecipe:
    """The error that names a field, its value and what it should be."""
    return InvalidRecipe(f"{name} = {value!r}, but it should be {remedy}")


@cache
def _bound_of(kind: Any) -> Bound | None:
    if kind is bool:
        return Bound(lambda it: isinstance(it, bool), "True or False")
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return Bound(lambda it: it in choices, f"one of {', '.join(map(repr, choices))}")
    first, *others = get_args(kind) or (None,)
    if NoneType in others and (bound := _bound_of(first)):
        return Bound(lambda it: it is None or bound.holds(it), f"None or {bound.words}")
    return next((it for it in others if isinstance(it, Bound)), None)
