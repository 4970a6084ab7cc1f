"""A run's key: the recipe, the data, the code that trains, the backend. Does not import torch."""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.linear.recipe import SolveRecipe
from harness.models.custom import is_custom
from harness.models.sources import source_fingerprint
from harness.syntax import as_text
from harness.training.recipe import Recipe

TRAINING_CODE = ("data", "models", "training")
"""The packages that decide what a training does."""

ONLY_LOOKING = (
    "data/audit.py",
    "data/verification.py",
    "models/counting.py",
    "training/comparison.py",
    "training/examination.py",
    "training/preflight.py",
    "training/schedule.py",
)
"""Modules of theirs that training does not use."""


SOLVING_CODE = {
    "KernelRecipe": (
        "examples",
        "gabor",
        "kernel_solve",
        "kernels",
        "machine",
        "refinement",
        "triangle",
    ),
    "ConvNetRecipe": ("convnet", "examples", "least_squares", "refinement", "triangle"),
}
"""The modules of `harness.linear` that decide what a solve comes to, by the recipe's kind."""


def run_key(recipe: Recipe, precision: str, device_kind: str, data_fingerprint: str) -> str:
    """Sixteen hex digits, different if anything that could change the run differs."""
    content = {
        "recipe": {**recipe.as_dict(), "precision": precision},
        "device": device_kind,
        "data": data_fingerprint,
        "code": code_fingerprint(),
        "torch": version("torch"),
    }
    if is_custom(recipe.model):
        content["network"] = source_fingerprint(recipe.model)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def solve_key(recipe: SolveRecipe, device_kind: str, data_fingerprint: str) -> str:
    """The key of a linear solve, made as a training run's."""
    content = recipe.as_dict()
    modules = SOLVING_CODE[content["kind"]]
    content = {
        "recipe": content,
        "device": device_kind,
        "data": data_fingerprint,
        "code": solving_fingerprint(modules),
        "torch": version("torch"),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@cache
def solving_fingerprint(modules: tuple[str, ...], package: Path = Path(__file__).parents[1]) -> str:
    """Hash of these modules' syntax trees, and of those that read and randomise data."""
    paths = [package / "linear" / f"{name}.py" for name in modules]
    paths += [package / "data" / f"{name}.py" for name in ("randomization", "sources", "streams")]
    trees = [syntax(path.read_text(encoding="utf-8")) for path in paths]
    return hashlib.sha256("\n".join(trees).encode()).hexdigest()


@cache
def code_fingerprint(package: Path = Path(__file__).parents[1]) -> str:
    """Hash of the training code's syntax trees, docstrings and comments left out."""
    digest = hashlib.sha256()
    for folder in TRAINING_CODE:
        for path in sorted((package / folder).rglob("*.py")):
            name = path.relative_to(package).as_posix()
            if name in ONLY_LOOKING:
                continue
            digest.update(name.encode())
            digest.update(syntax(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def syntax(source: str) -> str:
    """The syntax tree of a module as text, without docstrings, comments and line numbers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A string that stands alone is documentation, also below an attribute.
            node.body = [  # type: ignore[attr-defined]
                line
                for line in body
                if not (
                    isinstance(line, ast.Expr)
                    and isinstance(line.value, ast.Constant)
                    and isinstance(line.value.value, str)
                )
            ]
    return as_text(tree)
