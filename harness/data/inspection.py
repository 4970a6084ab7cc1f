"""Every photograph is decoded once before training, so that corrupt files are found.

What was found is kept, by the files' names and sizes; it may be deleted at any time.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from filelock import FileLock

from harness.data import photo_batches
from harness.data.rgb import CorruptImage
from harness.errors import DataError, StoreError
from harness.files import write_atomically

log = logging.getLogger("harness.data")
NAMED = 5
"""Corrupt files that a message names."""
CHUNK = 1_024
"""Photographs decoded at a time: bounds the memory."""


def default_cache() -> Path:
    """The platform's cache folder."""
    return platformdirs.user_cache_path("rethinking-generalization") / "photographs"


def corrupt_photographs(
    root: Path, paths: Sequence[str], fingerprint: str, workers: int
) -> list[int]:
    """Indices of the photographs that do not decode, ascending.

    Each is decoded once, in whatever process; corrupt ones are tried again each time, since a
    replaced file may have the same size. Raises StoreError where the result cannot be kept.
    """
    folder = default_cache()
    names = "\n".join([str(root.absolute()), fingerprint, *paths])
    key = hashlib.sha256(names.encode()).hexdigest()[:16]
    report = folder / f"{key}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"):
            suspected = json.loads(report.read_bytes()) if report.exists() else range(len(paths))
            found = _undecodable([root / paths[index] for index in suspected], workers)
            corrupt = [suspected[index] for index in found]
            write_atomically(report, json.dumps(corrupt).encode())
        return corrupt
    except OSError as error:
        raise StoreError(
            f"cannot write in {folder}: {error.strerror or error}; free some space there, or set"
            " XDG_CACHE_HOME to another place"
        ) from error


def refuse_corrupt(root: Path, corrupt: Sequence[str], inspected: int) -> None:
    """Raise DataError with the paths of corrupt photographs, if there are any."""
    if not corrupt:
        return
    named = ", ".join(str(root / path) for path in corrupt[:NAMED])
    more = f" and {len(corrupt) - NAMED} more" if len(corrupt) > NAMED else ""
    raise DataError(
        f"{len(corrupt)} of {inspected:,} photographs do not decode: {named}{more}; replace or"
        " remove them, or train without them: skip_corrupt=true"
    )


def _undecodable(paths: Sequence[Path], workers: int) -> list[int]:
    def fails(path: Path) -> bool:
        try:
            photo_batches.decode(path)
            return False
        except CorruptImage:
            return True

    found: list[int] = []
    for start in range(0, len(paths), CHUNK):
        failed = photo_batches.pool(workers).map(fails, paths[start : start + CHUNK])
        found += [index for index, it in enumerate(failed, start) if it]
        if len(paths) > CHUNK:
            done = min(start + CHUNK, len(paths))
            log.info("decoded %s of %s photographs", f"{done:,}", f"{len(paths):,}")
    return found
