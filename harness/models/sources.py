"""What a network from outside is made of: a fingerprint of its source, for the keys of runs.

A file counts with the modules beside it that it imports, a module with those of its own package;
one among Python's installed packages counts with that package's version instead. Weights and other
files that the code reads do not count. Imports nothing but the packages above a module, no torch.
"""

import importlib.util
import sys
from functools import cache
from pathlib import Path

from harness.environment import version
from harness.errors import NetworkError
from harness.models.address import address_of
from harness.syntax import fingerprint, imported_files


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
    installed = {"site-packages", "dist-packages"} & set(start.parts)
    files = imported_files(start, root, lambda name: not installed and _inside(name, package))
    return f"{version(package) if package else ''} {fingerprint(files, root)}"


def _inside(module: str, package: str) -> bool:
    """Whether a module is one of a package, or of any where there is none."""
    return not package or module.partition(".")[0] == package


def modules_beside(name: str) -> dict[str, Path]:
    """Of a network in a file: the modules beside it that it imports, and where they are."""
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
            f"{name}: {module} is no module with a Python file; name the module in which the"
            " factory is"
        )
    return Path(spec.origin).resolve()


def _parts(module: str, start: Path) -> list[str]:
    """The file's path below the folder of its top-level package."""
    return [*module.split("."), "__init__"] if start.stem == "__init__" else module.split(".")
