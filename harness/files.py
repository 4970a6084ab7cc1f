"""Atomic writes, and an error that names what may not be read."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError, StoreError


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Turn a PermissionError into a DataError, which names the file or folder."""
    try:
        yield
    except PermissionError as error:
        raise DataError(f"{error.filename} may not be read: {error.strerror}") from error


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
