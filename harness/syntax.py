"""Python source for fingerprints: the files that a module imports, and their syntax as text."""

import ast
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import NetworkError


def imported_files(
    start: Path, root: Path, wanted: Callable[[str], bool]
) -> dict[Path, ast.Module]:
    """The file ``start`` and the files below ``root`` that it imports, at any depth, parsed.

    ``wanted`` decides by its dotted name whether an import is followed. Imports inside functions
    count, those for type checkers alone do not. Raises NetworkError for a file that cannot be read.
    """
    found: dict[Path, ast.Module] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in found:
            try:
                found[path] = ast.parse(path.read_bytes())  # Bytes may have a coding line.
            except (OSError, SyntaxError, ValueError) as error:
                raise NetworkError(f"{path} cannot be read as Python: {error}") from error
            for name in filter(wanted, _imports(found[path], path.relative_to(root).parts[:-1])):
                waiting += _files(root, name)
    return found


def _imports(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names that a source in ``package`` imports: modules, and perhaps names in them."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else ()
        base = ".".join([*above, *filter(None, [node.module])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif not (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, package)


def _files(root: Path, name: str) -> Iterator[Path]:
    """The files below ``root`` that importing a module runs: its packages' and its own."""
    parts = [part for part in name.split(".") if part]
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        yield from filter(Path.is_file, (place / "__init__.py", place.with_suffix(".py")))


def fingerprint(files: dict[Path, ast.Module], root: Path) -> str:
    """Hash of the names and the syntax of files; documentation and white space do not matter."""
    digest = hashlib.sha256()
    for path, tree in sorted(files.items()):
        digest.update(f"{path.relative_to(root).as_posix()}\n{as_text(tree)}\n".encode())
    return digest.hexdigest()


def as_text(node: object) -> str:
    """A syntax tree without line numbers, comments, docstrings and white space.

    Unlike `ast.dump`, whose text changes with Python's minor version: empty fields are left out, as
    a newer Python has more of them, and strings are in ASCII. Python 3.12 also ends some f-strings
    with an empty constant.
    """
    if isinstance(node, ast.JoinedStr):
        parts = [it for it in node.values if not (isinstance(it, ast.Constant) and it.value == "")]
        return f"JoinedStr({as_text(parts)})"
    if isinstance(node, ast.AST):
        texts = {name: as_text(value) for name, value in ast.iter_fields(node) if value is not None}
        fields = ", ".join(f"{name}={text}" for name, text in texts.items() if text != "[]")
        return f"{type(node).__name__}({fields})"
    if isinstance(node, list):
        return f"[{', '.join(as_text(it) for it in node if not _is_documentation(it))}]"
    return ascii(node)


def _is_documentation(node: object) -> bool:
    """Whether it is a string that stands alone: a docstring, also below an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
