"""Every photograph is decoded once before training: corrupt files are found, crops kept on disk.

Epochs without augmentation then decode nothing. A crop of 299 pixels takes 268 kB, all of ImageNet
357 GB. What is kept is keyed by the files' names and sizes, the crop's size, and the decoding
code; it may be deleted at any time.
"""

import contextlib
import hashlib
import json
import logging
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
import torch
from filelock import FileLock

from harness.data import decoding, rgb
from harness.environment import version
from harness.errors import DataError, StoreError
from harness.files import write_atomically

log = logging.getLogger("harness.data")
SPARE = 1.1
"""Free space required, as a multiple of the bytes that are to be written."""
NAMED = 5
"""Corrupt files that a message names."""
CHUNK = 1_024
"""Photographs decoded at a time: bounds the memory."""


@dataclass(frozen=True)
class Inspected:
    """What decoding some photographs found."""

    corrupt: tuple[int, ...]
    """Indices of those that do not decode, ascending."""
    crops: np.ndarray | None
    """The crops (N, 3, S, S), mapped from the disk, zeros where corrupt; None if not kept."""


def default_cache() -> Path:
    """The platform's cache folder."""
    return platformdirs.user_cache_path("rethinking-generalization") / "photographs"


def inspect_photographs(
    root: Path,
    paths: Sequence[str],
    size: int,
    fingerprint: str,
    workers: int,
    keep: bool = True,
    folder: Path | None = None,
) -> Inspected:
    """Decode each photograph once, or take the result of an earlier inspection from ``folder``.

    Corrupt files are tried again each time, since a replaced file may have the same size. ``keep``
    asks for the crops; where the disk is too small for them, a warning is logged and there are
    none. Raises StoreError where the folder cannot be written.
    """
    folder = folder or default_cache()
    names = "\n".join([str(root.absolute()), fingerprint, *paths, str(size), _code()])
    key = hashlib.sha256(names.encode()).hexdigest()[:16]
    report, crops, partial = (folder / f"{key}.{end}" for end in ("json", "crops", "part"))
    shape = (len(paths), 3, size, size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"), contextlib.ExitStack() as stack:
            partial.unlink(missing_ok=True)  # Left by a process that was killed.
            stack.callback(partial.unlink, missing_ok=True)
            corrupt = json.loads(report.read_bytes()) if report.exists() else None
            if corrupt:
                again = _decode_all(root, [paths[it] for it in corrupt], size, workers)
                if len(again) < len(corrupt):
                    corrupt = None
            if corrupt is None:
                crops.unlink(missing_ok=True)
            keep = keep and (crops.exists() or _fits(folder, shape))
            if corrupt is None or (keep and not crops.exists()):
                corrupt = _decode_all(root, paths, size, workers, partial if keep else os.devnull)
                if keep:
                    partial.replace(crops)
                write_atomically(report, json.dumps(corrupt).encode())
            kept = np.memmap(crops, np.uint8, "r", shape=shape) if keep else None
        return Inspected(tuple(corrupt), kept)
    except OSError as error:
        raise StoreError(
            f"cannot keep decoded photographs under {folder}: {error.strerror or error}; free some"
            " space there, or set XDG_CACHE_HOME to another place"
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


def _decode_all(
    root: Path, paths: Sequence[str], size: int, workers: int, target: Path | str = os.devnull
) -> list[int]:
    """Write the crops to ``target``, zeros where corrupt; returns the indices of the corrupt."""

    def crop(path: str) -> torch.Tensor | None:
        try:
            return decoding.central(decoding.decode(root / path), size)
        except rgb.CorruptImage:
            return None

    corrupt: list[int] = []
    with open(target, "wb") as file:
        for start in range(0, len(paths), CHUNK):
            found = decoding.pool(workers).map(crop, paths[start : start + CHUNK])
            for index, image in enumerate(found, start):
                if image is None:
                    corrupt.append(index)
                    image = torch.zeros(3, size, size, dtype=torch.uint8)
                file.write(image.numpy().tobytes())
            if len(paths) > CHUNK:
                done = min(start + CHUNK, len(paths))
                log.info("decoded %s of %s photographs", f"{done:,}", f"{len(paths):,}")
    return corrupt


def _fits(folder: Path, shape: tuple[int, ...]) -> bool:
    needed, free = SPARE * math.prod(shape), shutil.disk_usage(folder).free
    if needed > free:
        log.warning(
            "%s has %.1f GB free, and %s crops of %d pixels take %.1f GB: photographs are decoded"
            " again every epoch",
            *(folder, free / 1e9, f"{shape[0]:,}", shape[-1], needed / 1e9),
        )
    return needed <= free


def _code() -> str:
    """Changes with the code that decides a crop's bytes."""
    source = b"".join(Path(str(module.__file__)).read_bytes() for module in (decoding, rgb))
    return f"{hashlib.sha256(source).hexdigest()} {version('torchvision')}"
