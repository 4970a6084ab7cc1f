"""A run's key: the recipe, the data, the code that makes it, the backend. Does not import torch."""

import hashlib
import json
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.models.registry import is_custom
from harness.models.sources import source_fingerprint
from harness.runs.run import AnyRecipe
from harness.syntax import fingerprint, imported_files
from harness.training.recipe import Recipe

RUNS = Path(__file__).parent
TRAINING, SOLVING = "trainer.py", "solver.py"
"""The modules that make runs. What they import decides what a run comes to."""


def run_key(recipe: AnyRecipe, precision: str, device_kind: str, data_fingerprint: str) -> str:
    """Sixteen hex digits, different if anything that could change the run differs."""
    is_training = isinstance(recipe, Recipe)
    content = {
        "recipe": {**recipe.as_dict(), "precision": precision},
        "device": device_kind,
        "data": data_fingerprint,
        "code": code_fingerprint(TRAINING if is_training else SOLVING),
        "torch": version("torch"),
    }
    if is_training and is_custom(recipe.model):
        content["network"] = source_fingerprint(recipe.model)
    if is_training and recipe.optimizer:
        content["optimizer"] = source_fingerprint(recipe.optimizer)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@cache
def code_fingerprint(entry: str, folder: Path = RUNS) -> str:
    """Hash of the syntax of one of these modules and of all that it imports of the project.

    The other modules of this folder are left out: they keep runs, and do not change them.
    """
    root = folder.parents[1]

    def wanted(name: str) -> bool:
        return name.startswith("harness.") and not name.startswith("harness.runs.")

    return fingerprint(imported_files(folder / entry, root, wanted), root)
