"""Does a published number belong beside a measurement: is it of the row that was trained?

A row of the paper's tables and a recipe name the same things in other words: network, labels, data,
regularisers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from harness.evidence.measurement import Measurement
from harness.evidence.published import Published
from harness.linear.recipe import KernelRecipe, Pixels, SolveRecipe, fit_label, label_name
from harness.training.recipe import Recipe

PAPER_DATA = ("CIFAR10", "IMAGENET", "MNIST")
"""Other data, such as digits, stand in for any of them."""
OF_CONTROLS = ("model", "dataset")
"""What a control must share with the row that it is compared to; it may break the rest."""
CONVNET = "random conv-net, 32000 filters"
REGULARISED = ", with l2 regularization"
TABLE_4 = {
    ("random crop",): "random cropping",
    ("flip", "rotation"): "augmentation: left-right flip and rotation up to 25 degrees",
}


def misquoted(
    published: Published,
    measured: Measurement,
    recipes: Iterable[Recipe | SolveRecipe],
    control: bool = False,
) -> str:
    """What contradicts the published number in the measurement and its recipes; empty if nothing.

    Each row that the number is computed from must match a recipe. Each recipe must match a row,
    unless a few rows stand for more trainings, as the extremes of a table do. For a control, which
    breaks a premise, only network and data count. A measurement without recipes has the number's
    unit, and is named for the row's network: "Alexnet: trainable parameters".
    """
    for row in published.rows:
        if measured.column and (column := row.get("column", measured.column)) != measured.column:
            return f"column = {column!r}, but {measured.column!r} was measured"
    trained = [_trainings(recipe, measured.fits) for recipe in recipes]
    if not trained and not control:
        return _of_another(published, measured)
    of_rows = [
        [min(_contradiction(row, it, control) for it in its) for its in trained]
        for row in published.rows
    ]
    different = len({repr(its) for its in trained})
    each = not control and (len(of_rows) == 1 or different <= len(of_rows))
    of_recipes = list(zip(*of_rows, strict=True)) if each else []
    return next((min(them) for them in [*of_rows, *of_recipes] if them and all(them)), "")


def _of_another(published: Published, measured: Measurement) -> str:
    subject = measured.name.partition(":")[0]
    if others := [row["model"] for row in published.rows if row.get("model", subject) != subject]:
        return f"model = {others[0]!r}, but the measurement is named for {subject!r}"
    if published.rows and published.unit != measured.unit:
        return f"unit = {published.unit!r}, but the measurement has {measured.unit!r}"
    return ""


def _contradiction(row: Mapping[str, Any], trained: Mapping[str, Any], control: bool) -> str:
    for key in (key for key in row if key in (OF_CONTROLS if control else trained)):
        ours = trained.get(key, row[key])
        stands_in = key == "dataset" and ours not in PAPER_DATA
        if row[key] != ours and not stands_in:
            return f"{key.replace('_', ' ')} = {row[key]!r}, but the run has {ours!r}"
    return ""


def _trainings(recipe: Recipe | SolveRecipe, fits: Iterable[str]) -> list[dict[str, Any]]:
    """The entries of a row for this recipe; for a solve, one row for each measured fit."""
    if isinstance(recipe, Recipe):
        return [_training(recipe)]
    dataset = {"dataset": recipe.dataset.upper()}
    return [dataset | it for fit, it in _fits(recipe).items() if not fits or fit in fits]


def _training(recipe: Recipe) -> dict[str, Any]:
    decayed, augmentation = bool(recipe.weight_decay), recipe.augmentation
    return {
        "model": recipe.title,
        "dataset": recipe.dataset.upper(),
        "labels": recipe.setting.removesuffix(" labels"),
        "random_crop": "random crop" in augmentation,
        "aug": bool(augmentation),
        "weight_decay": decayed,
        "dropout": bool(recipe.dropout),
        "regularizer": "weight decay" if decayed else TABLE_4.get(augmentation, "none"),
    }


def _fits(recipe: SolveRecipe) -> dict[str, dict[str, Any]]:
    """The entries that distinguish a recipe's fits, by the fits' names in its outcome."""
    if isinstance(recipe, KernelRecipe):
        features = "none" if isinstance(recipe.features, Pixels) else "gabor filters"
        ridge = "" if recipe.ridge is None else f", ridge {recipe.ridge:g}"
        return {
            (name := label_name(share)): {
                "preprocessing": features + ridge,
                "labels": name.removesuffix(" labels"),
            }
            for share in recipe.corruptions
        }
    return {
        fit_label(filters, ridge): {
            "preprocessing": CONVNET + (REGULARISED if ridge else ""),
            "labels": "true",
        }
        for filters in recipe.filters
        for ridge in recipe.ridges
    }
