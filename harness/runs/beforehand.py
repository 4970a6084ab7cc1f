"""What a training refuses, found before all of its photographs are decoded for the first time."""

from typing import TYPE_CHECKING

from harness.data.catalogue import dataset_spec
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.training.ranks import Ranks


def refuse_beforehand(recipe: Recipe, ranks: "Ranks") -> None:
    """Make the network of a recipe on photographs, and see whether ``ranks`` can share its batch.

    `Training` does the same, but after the first look at every photograph. Raises as it does:
    HarnessError where the images are too small, InvalidRecipe where the processes are too many.
    """
    spec = dataset_spec(recipe.dataset)
    if not spec.is_folder:
        return
    from harness.data import streams
    from harness.models import build_model
    from harness.training.ranks import check_share

    generator = streams.stream(recipe.seed, streams.INITIALIZATION)
    shape = (spec.shape[0], recipe.crop, recipe.crop)
    options, auxiliary = recipe.model_options, recipe.auxiliary
    model = build_model(recipe.model, shape, recipe.classes, generator, options, auxiliary)
    check_share(recipe, model, ranks)
