"""What a network from outside is made of: a fingerprint of its source, for the keys of runs.

A file counts with the modules beside it that it imports, a module with those of its own package;
one among Python's installed packages counts with that package's version instead. Weights and other
files that the code reads do not count. Imports nothing but the packages above a module, no torch.
"""

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.errors import NetworkError
from harness.models.custom import address_of
from harness.syntax import as_text


@cache
def source_fingerprint(name: str) -> str:
    """Changes with the code of the network called ``name``; raises NetworkError if there is none.

    Read once in a process, as the code is.
    """
    address = address_of(name)
    if address.source == "torchvision":
        return f"torchvision {version('torchvision')}"
    start = address.file.resolve() if address.file else _file_of(address.source, name)
    package = "" if address.file else address.source.partition(".")[0]
    depth = 0 if address.file else len(_parts(address.source, start)) - 1
    root = start.parents[depth]
    digest = hashlib.sha256(version(package).encode() if package else b"")
    installed = {"site-packages", "dist-packages"} & set(start.parts)
    for path in sorted({start} if installed else _reachable(start, root, package)):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(_tree_text(path).encode())
    return digest.hexdigest()


def modules_beside(name: str) -> dict[str, Path]:
    """Of a network in a file: the modules beside it that it imports, and where they are."""
    path = address_of(name).file
    if path is None:
        return {}
    start = path.resolve()
    found = {}
    for file in _reachable(start, start.parent, "") - {start}:
        parts = file.relative_to(start.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def _file_of(module: str, name: str) -> Path:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:
        raise NetworkError(f"{name} cannot be found: {error}; check the name") from error
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise NetworkError(
            f"{name}: {module} is no module with a Python file; name the module in which the"
            " factory is"
        )
    return Path(spec.origin).resolve()


def _parts(module: str, start: Path) -> list[str]:
    """The file's path below the folder of its top-level package."""
    return [*module.split("."), "__init__"] if start.stem == "__init__" else module.split(".")


def _reachable(start: Path, root: Path, package: str) -> set[Path]:
    """The file, and those below ``root`` that it imports; of one package, where there is one."""
    seen: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in _imported(_tree(path), path, root):
            if not package or module.partition(".")[0] == package:
                todo += _files(root, module)
    return seen


def _imported(tree: ast.AST, path: Path, root: Path) -> Iterator[str]:
    """Dotted names that a source imports, relative ones as seen from ``root``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = path.relative_to(root).parent.parts
                above = above[: len(above) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _files(root: Path, module: str) -> list[Path]:
    """The files below ``root`` that importing a module runs: its packages' and its own."""
    found = []
    parts = [part for part in module.split(".") if part]
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        found += [it for it in (place / "__init__.py", place.with_suffix(".py")) if it.is_file()]
    return found


@cache
def _tree(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_bytes())  # As Python reads it: with its mark or coding line.
    except (OSError, SyntaxError, ValueError) as error:
        raise NetworkError(f"{path} cannot be read as Python: {error}") from error


def _tree_text(path: Path) -> str:
    """The syntax tree: what comments and white space do not change."""
    return as_text(_tree(path))
