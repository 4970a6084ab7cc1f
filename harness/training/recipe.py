"""A recipe says everything about one training. Does not import torch.

Variants are made with `dataclasses.replace`, so that only what differs is written.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe, UnknownName
from harness.models.registry import model_spec, options_of, pairs_of, titled
from harness.training.recipe_checks import check_recipe
from harness.training.recipe_fields import LATER, RecipeFields


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
        # JSON knows no tuples.
        if isinstance(self.augmentation, list):
            object.__setattr__(self, "augmentation", tuple(self.augmentation))
        if isinstance(self.weight_decay, list):
            object.__setattr__(self, "weight_decay", tuple(map(tuple, self.weight_decay)))
        check_recipe(self)

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
        name = model_spec(self.model, self.model_options).paper_name
        return f"{name} with {self.optimizer_title}" if self.optimizer else name

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
        values = asdict(self)
        return {name: it for name, it in values.items() if name not in LATER or it != LATER[name]}

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
