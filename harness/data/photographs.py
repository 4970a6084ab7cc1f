"""A folder of photographs in ImageNet's layout: found, listed and checked. Imports no torch.

``train/CLASS/*.JPEG`` and ``val/CLASS/*.JPEG``, as torchvision's ``ImageNet`` and ``ImageFolder``
have them, under the data root itself or under ``imagenet`` there. A class is its index in the
sorted list of folders.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.data.class_folders import folders_in, images_of
from harness.errors import DataError
from harness.files import is_dir, readable

LAYOUT = "ImageNet's layout is train/CLASS/*.JPEG and val/CLASS/*.JPEG"


@dataclass(frozen=True)
class PhotoFolder:
    """What lies in a folder of photographs; nothing of it has been decoded."""

    root: Path
    classes: tuple[str, ...]
    train: tuple[str, ...]
    """Paths under ``root``, by class and then by name."""
    train_labels: tuple[int, ...]
    val: tuple[str, ...]
    val_labels: tuple[int, ...]
    fingerprint: str
    """Changes with any name or size of a file. Hashing 140 GB would take longer than training."""


def photo_root(root: Path) -> Path | None:
    """The folder that holds ``train``: ``root/imagenet`` or ``root`` itself; None if neither."""
    return next((it for it in (root / "imagenet", root) if is_dir(it / "train")), None)


@readable()
def photo_folder(root: Path, most_classes: int = 1_000) -> PhotoFolder:
    """The photographs under ``root``, listed once in a process.

    Raises DataError where the folder is not in the layout or cannot be read, where the classes of
    its two parts differ, or where there are more than ``most_classes``.
    """
    where = photo_root(root)
    if where is None:
        raise DataError(
            f"no photographs under {root}: there is neither {root / 'imagenet' / 'train'} nor"
            f" {root / 'train'}; {LAYOUT}; say where it is with --data-root or RETHINKING_DATA"
        )
    folder = _listed(where.absolute())
    if len(folder.classes) > most_classes:
        raise DataError(
            f"{where} has {len(folder.classes):,} classes, but the networks here have"
            f" {most_classes:,} outputs; give a folder with no more classes"
        )
    return folder


@lru_cache(maxsize=2)
def _listed(root: Path) -> PhotoFolder:
    classes = {part: _classes(root / part) for part in ("train", "val")}
    names = {part: {it.name for it in folders} for part, folders in classes.items()}
    if differing := sorted(names["train"] ^ names["val"]):
        raise DataError(
            f"the classes of {root}/train and {root}/val differ: {', '.join(differing[:3])}"
            f"{', ...' if len(differing) > 3 else ''} in one alone; give both parts the same"
            " folders"
        )
    digest = hashlib.sha256()
    columns: list[tuple] = []
    for part in classes.values():
        images = [(path.relative_to(root).as_posix(), label) for path, label in images_of(part)]
        for path, _ in images:
            digest.update(f"{path} {os.stat(root / path).st_size}\n".encode())
        columns += zip(*images, strict=True)
    train, labels, val, val_labels = columns
    return PhotoFolder(
        root, tuple(sorted(names["train"])), train, labels, val, val_labels, digest.hexdigest()
    )


def _classes(part: Path) -> list[Path]:
    folders = folders_in(part) if is_dir(part) else []
    if not folders:
        raise DataError(f"{part} has no class folders: {LAYOUT}")
    return folders
