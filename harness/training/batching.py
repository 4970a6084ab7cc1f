"""Which recipes may train as one vectorised job. Does not import torch."""

from dataclasses import fields, replace

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


def can_be_grouped(recipe: Recipe) -> bool:
    """Whether `harness.training.group.GroupTraining` takes it: dense layers, nothing redrawn."""
    plain = all(
        field.name in UNDERSTOOD or getattr(recipe, field.name) == field.default
        for field in fields(Recipe)
    )
    in_memory = not dataset_spec(recipe.dataset).is_folder
    spec = model_spec(recipe.model)
    return plain and in_memory and not spec.convolutional and not spec.foreign


def shape_of(recipe: Recipe) -> Recipe:
    """The recipe without what the members of a group may differ in."""
    alike = {field.name: field.default for field in fields(Recipe) if field.name in MAY_DIFFER}
    return replace(recipe, **alike)
