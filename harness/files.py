"""Writing files so that a reader sees the old one or the new one, never half of one."""

import contextlib
import os
import secrets
from pathlib import Path

from harness.errors import StoreError


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
    """Delete a file that may never have come into being."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
