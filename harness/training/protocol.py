"""The paper's recipes by name: MODEL/DATASET/SETTING, as in ``mlp-3x512/cifar10/random-labels``."""

import re
from dataclasses import replace
from typing import Any

from harness.data.catalogue import DATASETS
from harness.errors import InvalidRecipe, UnknownName
from harness.models.registry import MODELS, model_spec
from harness.training.recipe import Recipe

SETTINGS: dict[str, dict[str, Any]] = {
    "true-labels": {},
    "random-labels": {"label_corruption": 1.0},
    "shuffled-pixels": {"inputs": "shuffled pixels"},
    "random-pixels": {"inputs": "random pixels"},
    "gaussian": {"inputs": "gaussian"},
    "two-groups": {"labels": "two groups"},
    "random-signs": {"labels": "two groups", "label_corruption": 1.0},
}
"""Section 2.1, where "corrupted-P", with P a share, is the sixth: partially corrupted labels. The
last two are section 2.2's."""


def paper_recipe(model: str, dataset: str, setting: str, **changes: Any) -> Recipe:
    """Appendix A's protocol for a network in a setting, with any field changed by name.

    Raises UnknownName for a model, dataset or setting, and InvalidRecipe for a value.
    """
    if setting in SETTINGS:
        randomisation = SETTINGS[setting]
    elif match := re.fullmatch(r"corrupted-(\d*\.?\d+)", setting):
        randomisation = {"label_corruption": float(match[1])}
    else:
        raise UnknownName("setting", setting, [*SETTINGS, "corrupted-P"])
    recipe = Recipe(
        model=model,
        dataset=dataset,
        learning_rate=model_spec(model).learning_rate,
        **randomisation,
    )
    if unknown := [name for name in changes if name not in recipe.as_dict()]:
        raise UnknownName("recipe field", unknown[0], recipe.as_dict())
    return replace(recipe, **changes)


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
    """Every network in every setting on every dataset."""
    return [f"{m}/{d}/{s}" for m in MODELS for d in DATASETS for s in SETTINGS]
