"""What a test on photographs needs, and a folder does not hold."""

from pathlib import Path

import pytest

from harness.data.catalogue import dataset_spec
from harness.data.photographs import photo_folder
from harness.errors import DataError
from harness.plugin.trials import recipes_of


def photographs_missing(item: pytest.Item, name: str, root: Path) -> str:
    """Why the test cannot run on the folder of photographs under ``root``; empty if it can.

    The paper's own size needs ImageNet itself; a scaled trial any folder of enough photographs.
    """
    spec = dataset_spec(name)
    try:
        folder = photo_folder(root, spec.classes)
    except DataError as error:
        return str(error)
    trial = item.callspec.params.get("trial") if hasattr(item, "callspec") else None
    there, classes = len(folder.train), len(folder.classes)
    if getattr(trial, "scale", "") == "paper" and (there, classes) != (
        spec.train_size,
        spec.classes,
    ):
        return (
            f"at the paper's size it needs all of {spec.title}: {spec.train_size:,} training"
            f" photographs of {spec.classes:,} classes, and {folder.root} holds {there:,} of"
            f" {classes:,}; what runs on a few photographs is chosen by -k photographs"
        )
    recipes = [recipe for recipe in recipes_of(item) if recipe.dataset == name]
    needed = max((recipe.train_size or 0) + recipe.validation_size for recipe in recipes)
    if needed > there:
        return f"it needs {needed:,} training photographs, and {folder.root} holds {there:,}"
    return ""
