"""A folder of photographs in ImageNet's layout: found, listed and checked. Does not import torch.

``train/CLASS/*.JPEG`` and ``val/CLASS/*.JPEG``, as torchvision's ``ImageNet`` and ``ImageFolder``
have them, under the data root itself or under ``imagenet`` there. A class is its place in the
sorted list of folders.
"""

import errno
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.data.names import check_names
from harness.errors import DataError
from harness.files import is_dir, readable

PARTS = ("train", "val")
ENDINGS = (".jpeg", ".jpg", ".png", ".webp")
"""What counts as an image, in any case; other files beside them are left alone."""


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
    """Changes with any name or size of a file: to hash 140 GB would take longer than to train."""


def photo_root(root: Path) -> Path | None:
    """The folder that holds ``train``: ``root/imagenet`` or ``root`` itself; None if neither."""
    return next((it for it in (root / "imagenet", root) if is_dir(it / "train")), None)


@readable()
def photo_folder(root: Path, most_classes: int = 1_000) -> PhotoFolder:
    """The photographs under ``root``, listed once a process.

    Raises DataError where the folder is not in the layout or cannot be read, where the classes of
    its two parts differ, or where there are more than ``most_classes``.
    """
    where = photo_root(root)
    if where is None:
        raise DataError(
            f"no photographs under {root}: there is neither {root / 'imagenet' / 'train'} nor"
            f" {root / 'train'}; ImageNet's layout is train/CLASS/*.JPEG and val/CLASS/*.JPEG;"
            " say where it is with --data-root or RETHINKING_DATA"
        )
    check_names(where.parent, [str(where.absolute())])
    try:
        folder = _listed(where.absolute())
    except OSError as error:
        raise DataError(
            f"cannot list {error.filename or where} ({error.strerror or error}); make it readable"
        ) from error
    if len(folder.classes) > most_classes:
        raise DataError(
            f"{where} has {len(folder.classes):,} classes, but the networks here tell"
            f" {most_classes:,} apart; give a folder with no more"
        )
    return folder


@lru_cache(maxsize=2)
def _listed(root: Path) -> PhotoFolder:
    digest = hashlib.sha256()
    classes = {part: _classes(root / part) for part in PARTS}
    for one, other in (PARTS, PARTS[::-1]):
        if only := sorted(set(classes[one]) - set(classes[other])):
            raise DataError(
                f"the classes of {root}/train and {root}/val differ: {len(only)} are in {one} alone"
                f" ({', '.join(only[:3])}{', ...' if len(only) > 3 else ''}); give both parts the"
                " same folders"
            )
    paths: dict[str, list[str]] = {part: [] for part in PARTS}
    labels: dict[str, list[int]] = {part: [] for part in PARTS}
    for part in PARTS:
        for label, name in enumerate(classes[part]):
            images = _images(root / part / name)
            for file, size in images:
                path = f"{part}/{name}/{file}"
                digest.update(f"{path} {size}\n".encode())
                paths[part].append(path)
                labels[part].append(label)
    return PhotoFolder(
        root,
        tuple(classes["train"]),
        tuple(paths["train"]),
        tuple(labels["train"]),
        tuple(paths["val"]),
        tuple(labels["val"]),
        digest.hexdigest(),
    )


def _classes(part: Path) -> list[str]:
    """The class folders of a part, sorted."""
    if not part.is_dir():
        raise DataError(
            f"{part} is missing: ImageNet's layout is train/CLASS/*.JPEG and val/CLASS/*.JPEG"
        )
    with os.scandir(part) as entries:
        found = [entry for entry in entries if not entry.name.startswith(".")]
    folders = sorted(entry.name for entry in found if is_folder(entry))
    if not folders:
        loose = sum(_is_image(entry.name) for entry in found)
        raise DataError(
            f"{part} has no class folders{f', but {loose:,} loose images' if loose else ''}: sort"
            f" them into {part}/CLASS/"
        )
    check_names(part, folders)
    return folders


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def _images(folder: Path) -> list[tuple[str, int]]:
    """Names and sizes in bytes of a class's images, by name."""
    with os.scandir(folder) as entries:
        found = [(e.name, _bytes(e)) for e in entries if _is_image(e.name)]
    if not found:
        raise DataError(f"{folder} holds no image ({', '.join(ENDINGS)}); fill it or remove it")
    check_names(folder, (name for name, _ in found))
    return sorted(found)


def _bytes(entry: os.DirEntry[str]) -> int:
    """The size of a file; -1 of a link that leads nowhere, which the first look finds corrupt."""
    try:
        return entry.stat().st_size
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return -1
        raise


def _is_image(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(".")
