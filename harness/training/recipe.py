"""A recipe says everything about one training. Does not import torch.

Variants are made with `dataclasses.replace`, so that what differs is what is written.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe, UnknownName
from harness.models.options import check_size, options_of
from harness.models.registry import model_spec
from harness.training.recipe_checks import as_tuples, check_recipe

STEPS_PER_PAPER_EPOCH = 391
"""ceil(50,000 / 128): Figure 1a has one point every 391 steps."""

Inputs = Literal["true", "shuffled pixels", "random pixels", "gaussian"]
Labels = Literal["classes", "two groups"]
Redraw = Literal["never", "labels each epoch", "inputs each access"]
Evaluation = Literal["every epoch", "test every epoch", "once nearly fitted", "at the end"]
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
    augmentation: tuple[str, ...] = ()
    """Any of "random crop", "flip", "rotation" (up to 25 degrees), and for photographs "colour":
    each training image is drawn anew every epoch; what is evaluated is the image itself, cropped
    from the centre. Photographs are cropped as Inception's: see `harness.data.decoding`."""
    weight_decay: tuple[tuple[str, float], ...] = ()
    """Pairs of a parameter group of the network and its coefficient, the factor of the weights in
    the gradient: (("weights", 0.0005),). Groups that are not named are not decayed."""
    dropout: float = 0.0
    """Probability with which each input of the output layer is dropped in training."""
    batch_norm_momentum: float = 0.1
    """How far BatchNorm's running averages move a step. Not published; TF-Slim's 0.0003 is too
    slow for short runs, and where an epoch has two steps, 0.1 is too slow as well."""
    auxiliary: bool = False
    """Train with the network's auxiliary classifier, whose loss counts 0.4 times."""
    rank_batch: int | None = None
    """Images of a batch that one process takes at a time, and that BatchNorm normalises together;
    None for all that are its own. One process takes such parts one after the other."""
    skip_corrupt: bool = False
    """Train without the photographs that do not decode, and count them, instead of refusing."""
    epochs: int = 100
    stop_at_zero_error: bool = False
    """End at the first full evaluation without a training error."""
    evaluation: Evaluation = "every epoch"
    """When the whole training set is evaluated; "once nearly fitted" waits for 99 % online
    accuracy (a network from outside: or for 99 % of its first 1,000 images in evaluation mode), and
    so does "test every epoch", which evaluates the smaller test and validation sets every time. The
    last epoch always is evaluated, and "at the end" no other."""
    validation_size: int = 0
    """Number of training images held out next to the sample, their labels drawn as its are: what
    an epoch or a coefficient may be chosen on."""
    score_corrupted_test: bool = False
    """Count, at the end, also against test labels that are corrupted with the same probability as
    the training labels: what Figure 1c almost surely shows."""
    keep_answers: bool = False
    """Keep what the final network answers on the sample, as it was before any replacement, and on
    as many images that it left out."""
    precision: Precision = "auto"
    """bf16 means autocast over float32 weights; auto takes it where the hardware has it."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, naming the field, the value and what would do."""
        object.__setattr__(self, "model_options", options_of(self.model, self.model_options))
        check_size(self.crop, self.image_size, self.augmentation)
        # JSON knows no tuples.
        object.__setattr__(self, "augmentation", as_tuples(self.augmentation))
        object.__setattr__(self, "weight_decay", as_tuples(self.weight_decay))
        check_recipe(self)

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
    def processes(self) -> int:
        """The processes, each with a device of its own, that share a batch if there are as many."""
        return -(-self.batch_size // self.rank_batch) if self.rank_batch else 1

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

    @property
    def regularizers(self) -> str:
        """The explicit regularisers that are on, in words; empty where there are none."""
        parts = list(self.augmentation)
        parts += [f"weight decay {value:g} of {group}" for group, value in self.weight_decay]
        if self.dropout:
            parts.append(f"dropout {self.dropout:g}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Short and readable: network, data, setting, regularisers, seed."""
        whole = self.train_size is None and dataset_spec(self.dataset).is_folder
        data = f"{self.dataset} ({'all' if whole else f'n = {self.images:,}'})"
        words = [self.setting, *filter(None, [self.regularizers]), f"seed {self.seed}"]
        spec = model_spec(self.model, self.model_options)
        name = spec.paper_name if spec.custom else self.model
        return f"{name} on {data}, {', '.join(words)}"

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, for JSON."""
        return asdict(self)

    def to_json(self) -> bytes:
        """What `from_json` and ``python -m harness train FILE.json`` read."""
        return json.dumps(self.as_dict(), indent=1).encode()

    @classmethod
    def from_json(cls, path: Path) -> "Recipe":
        """The recipe written in a file; raises InvalidRecipe, naming it, where there is none."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            if isinstance(error, InvalidRecipe):
                raise
            raise InvalidRecipe(f"{path} holds no recipe: {error}") from error


def changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    """The recipe with fields changed by name; raises UnknownName for one that there is not."""
    if unknown := [name for name in changes if name not in recipe.as_dict()]:
        raise UnknownName("recipe field", unknown[0], recipe.as_dict())
    return replace(recipe, **changes)


def differing_fields(one: Recipe, other: Recipe) -> tuple[str, ...]:
    """The names of the fields in which two recipes differ."""
    return tuple(
        field.name
        for field in fields(Recipe)
        if getattr(one, field.name) != getattr(other, field.name)
    )
