"""Decoded crops on disk, so that epochs without augmentation decode nothing; and the first look.

Every photograph is decoded once before anything trains: that finds the corrupt ones, and what it
decodes is kept where the disk has room (a crop of 299 pixels takes 268 kB, all of ImageNet 357 GB).
What is kept hangs on the files' names and sizes, on the crop's, and on the code that decodes; it
may be deleted at any time.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
"""Times the bytes needed that must be free before crops are written."""
NAMED = 5
"""Corrupt files that a message names."""
CHUNK = 4_096


@dataclass(frozen=True)
class Looked:
    """What the first look at some photographs found."""

    corrupt: tuple[int, ...]
    """Places of those that do not decode, ascending."""
    crops: np.ndarray | None
    """The crops (N, 3, S, S), mapped from the disk, zeros where corrupt; None if not kept."""


def default_cache() -> Path:
    """The platform's cache folder."""
    return platformdirs.user_cache_path("rethinking-generalization") / "photographs"


def look(
    root: Path,
    paths: Sequence[str],
    size: int,
    fingerprint: str,
    workers: int,
    keep: bool = True,
    folder: Path | None = None,
) -> Looked:
    """Decode each photograph once, or take what an earlier look left in ``folder``.

    What did not decode then is tried again, and all is looked at anew where some of it does now: a
    file that was replaced may have the same size. ``keep`` asks for the crops, which are left out,
    with a word in the log, where the disk is too small. Raises StoreError where the folder cannot
    be written.
    """
    folder = folder or default_cache()
    place = str(root.absolute())  # Another folder may have files of these names and sizes.
    names = hashlib.sha256("\n".join([place, fingerprint, *paths]).encode()).hexdigest()
    key = hashlib.sha256(f"{names} {size} {_code()}".encode()).hexdigest()[:16]
    found, crops = folder / f"{key}.json", folder / f"{key}.npy"
    shape = (len(paths), 3, size, size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{key}.lock"):
            _partial(crops).unlink(missing_ok=True)  # Of a look that was killed, and all of it.
            corrupt = _found(found, len(paths))
            if corrupt:
                again = [paths[it] for it in corrupt]
                if len(_each(root, again, size, workers, _no_crop)) < len(corrupt):
                    corrupt = None
            if corrupt is None:  # The disk may have no room for two copies.
                crops.unlink(missing_ok=True)
            kept = _kept(crops, shape) if keep else None
            keep = keep and (kept is not None or _fits(folder, len(paths), size))
            if corrupt is None or (keep and kept is None):
                corrupt = _decode_all(root, paths, size, workers, crops if keep else None)
                write_atomically(found, json.dumps(corrupt).encode())
                kept = _kept(crops, shape) if keep else None
        return Looked(tuple(corrupt), kept)
    except OSError as error:
        raise StoreError(
            f"cannot keep what was decoded under {folder}: {error.strerror or error}; free some"
            " space there, or set XDG_CACHE_HOME to another place"
        ) from error


def refuse_corrupt(root: Path, corrupt: Sequence[str], looked_at: int) -> None:
    """Raise DataError with the paths of what does not decode, if there is any."""
    if not corrupt:
        return
    named = ", ".join(str(root / path) for path in corrupt[:NAMED])
    more = f" and {len(corrupt) - NAMED} more" if len(corrupt) > NAMED else ""
    raise DataError(
        f"{len(corrupt)} of {looked_at:,} photographs do not decode: {named}{more}; replace or"
        " remove them, or train without them: skip_corrupt=true"
    )


def _found(path: Path, photographs: int) -> list[int] | None:
    """Places of the corrupt ones, as an earlier look left them; None without one, or if damaged."""
    try:
        places = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        places = None
    integers = isinstance(places, list) and all(type(it) is int for it in places)
    if integers and places == sorted(set(places) & set(range(photographs))):
        return places
    log.warning("%s is damaged; all photographs are looked at again", path)
    return None


def _kept(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The crops on disk; None without them, or if the file is damaged, which is deleted then."""
    try:
        with warnings.catch_warnings(action="ignore"):  # NumPy's, of a header that it mends.
            crops = np.lib.format.open_memmap(path, mode="r")
        if crops.shape == shape and crops.dtype == np.uint8:
            return crops
    except FileNotFoundError:
        return None
    except OSError:
        raise
    except Exception as error:  # Whatever NumPy's parser of headers meets.
        log.debug("%s: %r", path, error)
    log.warning("%s is damaged; all photographs are decoded again", path)
    path.unlink()
    return None


def _partial(crops: Path) -> Path:
    """Where crops are written until they are complete."""
    return crops.with_suffix(".part")


def _no_crop(place: int, crop: torch.Tensor) -> None:
    """Looked at, and not kept."""


def _decode_all(
    root: Path, paths: Sequence[str], size: int, workers: int, target: Path | None
) -> list[int]:
    """Places of the corrupt ones; the crops go to ``target``, at once and complete."""
    if target is None:
        return _each(root, paths, size, workers, _no_crop)
    temporary = _partial(target)
    try:
        crops = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.uint8, shape=(len(paths), 3, size, size)
        )
        _reserve(temporary)

        def keep(place: int, crop: torch.Tensor) -> None:
            crops[place] = crop.numpy()

        corrupt = _each(root, paths, size, workers, keep)
        crops.flush()
        temporary.replace(target)
        return corrupt
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _each(
    root: Path,
    paths: Sequence[str],
    size: int,
    workers: int,
    keep: Callable[[int, torch.Tensor], None],
) -> list[int]:
    def one(place: int) -> bool:
        try:
            keep(place, decoding.central(decoding.decode(root / paths[place]), size))
            return True
        except decoding.CorruptImage:
            return False

    corrupt: list[int] = []
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for start in range(0, len(paths), CHUNK):
            places = range(start, min(start + CHUNK, len(paths)))
            sound = pool.map(one, places)
            corrupt += [place for place, it in zip(places, sound, strict=True) if not it]
            if len(paths) > CHUNK:
                log.info("decoded %s of %s photographs", f"{places.stop:,}", f"{len(paths):,}")
    return corrupt


def _reserve(path: Path) -> None:
    """Claim the disk for a file that is mapped: one that filled up later would kill the process.

    Raises OSError where it is full.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # Of a file system without it.
                raise


def _fits(folder: Path, images: int, size: int) -> bool:
    needed, free = SPARE * images * 3 * size**2, shutil.disk_usage(folder).free
    if needed > free:
        log.warning(
            "%s has %.1f GB free, and %s crops of %d pixels take %.1f GB: they are decoded again"
            " every epoch",
            *(folder, free / 1e9, f"{images:,}", size, needed / 1e9),
        )
    return needed <= free


def _code() -> str:
    """Changes with what decides a crop's bytes."""
    source = b"".join(Path(module.__file__).read_bytes() for module in (decoding, rgb))
    return f"{hashlib.sha256(source).hexdigest()} {version('torchvision')}"
