"""Atomic writes, and errors that name what may not be read."""

import contextlib
import os
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError, StoreError


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Turn a PermissionError into a DataError that names the file or folder, and the permission."""
    try:
        yield
    except PermissionError as error:
        raise DataError(_denied(Path(os.fsdecode(error.filename or ".")))) from error


def is_file(path: Path) -> bool:
    """Whether it is a regular file; raises PermissionError where a folder above it is closed."""
    return stat.S_ISREG(_mode(path))


def is_dir(path: Path) -> bool:
    """Whether it is a folder; raises PermissionError where a folder above it is closed."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    """The type and permissions of a file; 0 if there is none."""
    try:
        return path.stat().st_mode
    except PermissionError:
        raise
    except OSError:  # There is none, or a broken link.
        return 0


def _denied(path: Path) -> str:
    """A sentence on the file, or the folder above it, that lacks a permission."""
    for place in reversed((path, *path.parents)):
        try:
            place.stat()
        except PermissionError:
            path = place.parent
            break
    mode = path.stat().st_mode
    needed, given = ("list and enter", "rx") if stat.S_ISDIR(mode) else ("read", "r")
    return (
        f"{path} may not be read (Permission denied, {stat.filemode(mode)}): you lack the"
        f" permission to {needed} it, which its owner can give:"
        f" chmod a+{given} {shlex.quote(str(path))}"
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` by way of a temporary file beside it.

    Raises StoreError, naming the file, where the folder is read-only or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; free some space there or choose"
            " another place (for runs: --runs DIR); what had finished before is kept"
        ) from error
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    """Delete a file, if there is one."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
