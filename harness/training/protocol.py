"""The paper's recipes by name: MODEL/DATASET/SETTING, as in ``mlp-3x512/cifar10/random-labels``."""

import re
from typing import Any

from harness.data.catalogue import DATASETS, dataset_spec
from harness.errors import InvalidRecipe, UnknownName
from harness.models.registry import MODELS, PHOTOGRAPH_MODELS, model_spec
from harness.training.imagenet import ROWS, imagenet_recipe
from harness.training.recipe import Recipe, changed

SETTINGS: dict[str, dict[str, Any]] = {
    "true-labels": {},
    "random-labels": {"label_corruption": 1.0},
    "shuffled-pixels": {"inputs": "shuffled pixels"},
    "random-pixels": {"inputs": "random pixels"},
    "gaussian": {"inputs": "gaussian"},
    "two-groups": {"labels": "two groups"},
    "random-signs": {"labels": "two groups", "label_corruption": 1.0},
}
"""The settings of section 2.1; "corrupted-P", with P a share, is partial corruption. The last two
are section 2.2's."""


def paper_recipe(model: str, dataset: str, setting: str, **changes: Any) -> Recipe:
    """Appendix A's protocol for a network in a setting, with any field changed by name.

    For Inception v3 the settings are the rows of Table 2: see `harness.training.imagenet`. Raises
    UnknownName for a model, dataset or setting, and InvalidRecipe for a value.
    """
    if model in PHOTOGRAPH_MODELS and dataset_spec(dataset).is_folder:
        return imagenet_recipe(setting, **changes)
    if setting in SETTINGS:
        randomisation = SETTINGS[setting]
    elif match := re.fullmatch(r"corrupted-(\d*\.?\d+)", setting):
        randomisation = {"label_corruption": float(match[1])}
    else:
        raise UnknownName("setting", setting, [*SETTINGS, "corrupted-P"])
    recipe = Recipe(
        model=model,
        dataset=dataset,
        learning_rate=model_spec(model).learning_rate_on(dataset),
        **randomisation,
    )
    return changed(recipe, changes)


def named_recipe(name: str, **changes: Any) -> Recipe:
    """The recipe called MODEL/DATASET/SETTING; raises UnknownName with the nearest names."""
    parts = name.split("/")
    if len(parts) != 3:
        raise UnknownName("recipe", name, recipe_names())
    try:
        return paper_recipe(*parts, **changes)
    except UnknownName as error:
        if error.kind == "recipe field":
            raise
        raise UnknownName("recipe", name, recipe_names()) from error
    except TypeError as error:
        raise InvalidRecipe(str(error)) from error


def recipe_names() -> list[str]:
    """Every network in every setting on every dataset; Inception v3 in those of Table 2."""
    in_memory = [name for name, spec in DATASETS.items() if not spec.is_folder]
    small = [f"{m}/{d}/{s}" for m in MODELS for d in in_memory for s in SETTINGS]
    return [*small, *(f"{model}/imagenet/{row}" for model in PHOTOGRAPH_MODELS for row in ROWS)]
