"""A fingerprint of a custom network's source, for the keys of runs. Imports no torch.

It covers a file and the modules beside it that it imports, or a module and those of its package
that it imports; for an installed package, its version instead. Weights and other files that the
code reads are not covered.
"""

import importlib.util
import sys
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.errors import NetworkError
from harness.models.registry import address_of
from harness.syntax import fingerprint, imported_files


@cache
def source_fingerprint(name: str) -> str:
    """Changes with the code of the network ``name``; raises NetworkError if there is none.

    Computed once in a process, since the code is imported once.
    """
    address = address_of(name)
    if address.source == "torchvision":
        return f"torchvision {version('torchvision')}"
    start = address.file.resolve() if address.file else _file_of(address.source, name)
    package = "" if address.file else address.source.partition(".")[0]
    depth = 0 if address.file else len(_parts(address.source, start)) - 1
    root = start.parents[depth]
    installed = {"site-packages", "dist-packages"} & set(start.parts)

    def wanted(module: str) -> bool:
        return not installed and (not package or module.partition(".")[0] == package)

    files = imported_files(start, root, wanted)
    return f"{version(package) if package else ''} {fingerprint(files, root)}"


def modules_beside(name: str) -> dict[str, Path]:
    """The modules beside a network's file that it imports, with their files."""
    path = address_of(name).file
    if path is None:
        return {}
    start = path.resolve()
    found = {}
    for file in imported_files(start, start.parent, lambda name: True).keys() - {start}:
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
            f"{name}: {module} is no module with a Python file; name the module that defines the"
            " factory"
        )
    return Path(spec.origin).resolve()


def _parts(module: str, start: Path) -> list[str]:
    """The file's path below the folder of its top-level package."""
    return [*module.split("."), "__init__"] if start.stem == "__init__" else module.split(".")
