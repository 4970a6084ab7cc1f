"""Folders of images with a folder for each class, listed. Imports no torch.

A custom data set has a part for training and one for testing, by their usual names, or neither:
then every fifth image of a class, in the order of the names, is a test image.
"""

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from harness.errors import DataError
from harness.files import readable

ENDINGS = {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff"}
ENDINGS |= {".ppm", ".pgm", ".pnm", ".jp2", ".tga"}
TRAIN, TEST, VALIDATION = (
    re.compile(rf"(^|.*[^a-z])({words})([ _-]?(set|data|images))?([^a-z].*|$)")
    for words in (
        "train[ab]?|training|trn",
        "test[ab]?|testing|tst",
        "val|valid|validation|eval|evaluation|dev",
    )
)
"""Names of parts in lower case: train, training, train_set, seg_train ...; trainA is refused."""
MOST_PARTS = 3
"""For training, validation and testing."""
EVERY_FIFTH = 5

Files = tuple[tuple[Path, int], ...]
"""Images, each with the index of its class."""


def folders_in(folder: Path) -> list[Path]:
    """The visible folders in ``folder``, sorted by name."""
    with os.scandir(folder) as entries:
        return _checked(folder / it.name for it in entries if _visible(it.name) and it.is_dir())


def images_of(folders: list[Path]) -> Files:
    """The images in each class's folder and below it, by class and then by path.

    Raises DataError for a folder without images.
    """
    found: list[tuple[Path, int]] = []
    for label, folder in enumerate(folders):
        images = _images(folder)
        if not images:
            raise DataError(
                f"{folder} holds no image ({', '.join(sorted(ENDINGS))}); add some, or remove the"
                " folder"
            )
        found += [(path, label) for path in images]
    return tuple(found)


@lru_cache(maxsize=4)
@readable()
def listed(folder: Path) -> tuple[tuple[str, ...], Files, Files]:
    """Class names, training files and test files of a custom data set.

    A folder that holds one other folder and nothing else stands for that folder. Raises DataError,
    with the remedy, for a folder that is laid out otherwise.
    """
    folder = _unwrapped(folder, TEST, VALIDATION)
    train, test = _parts(folder)
    if train and test:
        classes, test_classes = _classes(train), _classes(test, _split_hint(train))
        names = [it.name for it in classes]
        if strange := sorted({it.name for it in test_classes} ^ set(names)):
            raise DataError(
                f"{folder}: {strange[0]!r} is a class in one of {train.name} and {test.name} alone;"
                " give both a folder for each class"
            )
        return tuple(names), images_of(classes), images_of(test_classes)
    classes = _classes(folder)
    for_training, for_testing = (
        [it.name for it in classes if word in it.name.lower()] for word in ("train", "test")
    )
    if for_training and for_testing and len(classes) <= MOST_PARTS:
        raise DataError(
            f"{folder}: are {for_training[0]} and {for_testing[0]} classes, or parts for training"
            " and testing? Name parts train and test, and classes without these words"
        )
    for each in classes:
        parts = [it.name for it in folders_in(each) if _is_part(it, TRAIN, TEST, VALIDATION)]
        if len(parts) > 1:
            raise DataError(
                f"{each} has parts of its own, {' and '.join(parts)}: sort its images into"
                f" {folder / parts[-1] / each.name} and so on, or into {each} without parts"
            )
    every = images_of(classes)
    held_out: set[tuple[Path, int]] = set()
    for label, class_folder in enumerate(classes):
        images = [it for it in every if it[1] == label]
        if len(images) < EVERY_FIFTH:
            raise DataError(
                f"{folder}: class {class_folder.name!r} has fewer than {EVERY_FIFTH} images,"
                " so none for testing; add some, or sort all images into train and test"
            )
        held_out.update(images[EVERY_FIFTH - 1 :: EVERY_FIFTH])
    return (
        tuple(it.name for it in classes),
        tuple(it for it in every if it not in held_out),
        tuple(it for it in every if it in held_out),
    )


def _unwrapped(folder: Path, *but: re.Pattern[str]) -> Path:
    """The folder, or the only one inside it, unless that is a class or a part named in ``but``."""
    inside = folders_in(folder)
    alone = len(inside) == 1 and not _holds_images(folder) and folders_in(inside[0])
    return _unwrapped(inside[0], *but) if alone and not _is_part(inside[0], *but) else folder


def _parts(folder: Path) -> tuple[Path | None, Path | None]:
    """The folders of training and of test images; None and None where there are no such parts."""
    inside = folders_in(folder)
    train = _part(inside, TRAIN)
    tests = [it for it in (_part(inside, TEST), _part(inside, VALIDATION)) if it]
    # Test images that are not sorted into classes are of no use: validation images stand in.
    test = next(filter(folders_in, tests), tests[0] if tests else None)
    if train and test:
        return _unwrapped(train), _unwrapped(test)
    part = train or test
    # A folder of images alone is a class: a train among buses and trams.
    if part and folders_in(part) and not _holds_images(part):
        lacking, name = ("test", "test") if train else ("training", "train")
        raise DataError(
            f"{folder} has {part.name}, but no folder of {lacking} images: name that one {name}"
            f"{_split_hint(train) if train else ''}"
        )
    return None, None


def _split_hint(train: Path) -> str:
    return f", or give {train} alone: every fifth of its images is then a test image"


def _is_part(folder: Path, *names: re.Pattern[str]) -> bool:
    return any(it.fullmatch(folder.name.lower()) for it in names)


def _part(folders: list[Path], names: re.Pattern[str]) -> Path | None:
    """The part of these names, by its plain name where several match; None without one."""
    found = [it for it in folders if _is_part(it, names)]
    plain = [it for it in found if it.name.lower() in ("train", "test", "val")]
    if len(found := plain or found) > 1:
        raise DataError(
            f"{found[0]} and {found[1].name} both look like one part by their names, which should"
            " hold a folder for each class: rename or remove one"
        )
    return found[0] if found else None


def _classes(folder: Path, otherwise: str = "") -> list[Path]:
    folders = folders_in(folder)
    if len(folders) < 2:
        raise DataError(
            f"{folder} has {len(folders)} folder{'s' * (len(folders) != 1)}; it should have one"
            f" with images for each of two or more classes{otherwise}"
        )
    return folders


def _visible(name: str) -> bool:
    """Whether it is neither hidden nor one of those that macOS adds: ``._x.png``, ``__MACOSX``."""
    return name[0] != "." and name != "__MACOSX"


def _is_image(name: str) -> bool:
    return _visible(name) and Path(name).suffix.lower() in ENDINGS


def _holds_images(folder: Path) -> bool:
    return any(map(_is_image, os.listdir(folder)))


def _images(folder: Path) -> list[Path]:
    """The images in a folder and in the visible folders below it, sorted."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=_raise):
        found += [Path(place, it) for it in files if _is_image(it)]
        folders[:] = filter(_visible, folders)
    return _checked(found)


def _checked(paths: Iterable[Path]) -> list[Path]:
    """The paths, sorted; raises DataError for a name that is not UTF-8, which Linux allows."""
    paths = sorted(paths)
    for path in paths:
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            name = str(path).encode(errors="backslashreplace").decode()
            raise DataError(f"{name} has a name that is not UTF-8; rename it") from error
    return paths


def _raise(error: OSError) -> None:
    raise error
