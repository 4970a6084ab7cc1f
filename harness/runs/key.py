"""A run's key: the recipe, the data, the code that makes it, the backend. Does not import torch."""

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.models.custom import is_custom
from harness.models.sources import source_fingerprint
from harness.runs.run import AnyRecipe
from harness.syntax import as_text
from harness.training.recipe import Recipe

PACKAGE = Path(__file__).parents[1]
TRAINING, SOLVING = "harness.runs.training_job", "harness.runs.solving_job"
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
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@cache
def code_fingerprint(entry: str, package: Path = PACKAGE) -> str:
    """Hash of the syntax trees of a module and of all modules of the project that it imports.

    Docstrings and comments are left out; so are the other modules of `harness.runs`, which keep
    runs and do not change them.
    """
    digest = hashlib.sha256()
    for name, tree in sorted(imported_modules(entry, package).items()):
        digest.update(f"{name}\n{_without_documentation(tree)}\n".encode())
    return digest.hexdigest()


def imported_modules(entry: str, package: Path = PACKAGE) -> dict[str, ast.Module]:
    """The module ``entry`` and what it imports of the package, at any depth, by name.

    Imports inside functions count, those for type checkers alone do not.
    """
    found: dict[str, ast.Module] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        top, *inside = name.split(".")
        keeps_runs = inside[:1] == ["runs"] and name != entry
        if top != package.name or name in found or keeps_runs:
            continue
        place = package.joinpath(*inside)
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if path.is_file():
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
            waiting += [name.rpartition(".")[0], *_imports(found[name])]
    return found


def _imports(node: ast.AST) -> Iterator[str]:
    """The names that a syntax tree imports: modules, and perhaps what stands in modules."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield str(node.module)
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from _imports(child)


def syntax(source: str) -> str:
    """The syntax tree of a module as text, without docstrings, comments and line numbers."""
    return _without_documentation(ast.parse(source))


def _without_documentation(tree: ast.Module) -> str:
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
