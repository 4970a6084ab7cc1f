"""A folder of images with a folder for each class, listed. Does not import torch.

The classes lie in a part for training and one for testing, by their usual names, or in the folder
itself: then every fifth image of a class, in the order of the names, is a test image. Folders that
hold but one other folder are passed through.
"""

import os
import re
from functools import lru_cache
from pathlib import Path

from harness.data.names import check_names
from harness.data.photographs import is_folder
from harness.errors import DataError
from harness.files import is_file, readable

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
TRAIN, TEST, VALIDATION = (
    re.compile(rf"(^|.*[^a-z])({words})([ _-]?(set|data|images))?([^a-z].*|$)")
    for words in (
        "train|training|trn",
        "test|testing|tst",
        "val|valid|validation|eval|evaluation|dev",
    )
)
"""Names of parts in lower case: train, Training, train_set, seg_train ..."""
EVERY_FIFTH = 5

Files = tuple[tuple[Path, int], ...]


@lru_cache(maxsize=4)
@readable()
def listed(folder: Path) -> tuple[tuple[str, ...], Files, Files]:
    """Class names, and the training and test files with the number of their class.

    Raises DataError, with the remedy, for a folder that is laid out otherwise.
    """
    folder = _inner(folder, TEST, VALIDATION)
    train, test = _parts(folder)
    if train and test:
        names = _classes(train)
        if strange := sorted(set(_classes(test, _split(train))) ^ set(names)):
            raise DataError(
                f"{folder}: {strange[0]!r} is a class in one of {train.name} and {test.name} alone;"
                " give both a folder for each class"
            )
        return names, _files(train, names), _files(test, names)
    names = _classes(folder)
    every = _files(folder, names)
    of_class: list[list[tuple[Path, int]]] = [[] for _ in names]
    for path, label in every:
        of_class[label].append((path, label))
    if few := [names[i] for i, each in enumerate(of_class) if len(each) < EVERY_FIFTH]:
        raise DataError(
            f"{folder}: the class {few[0]!r} has fewer than {EVERY_FIFTH} images, of which every"
            " fifth is to be a test image; add some, or make folders train and test"
        )
    held_out = {it for each in of_class for it in each[EVERY_FIFTH - 1 :: EVERY_FIFTH]}
    return (
        names,
        tuple(it for it in every if it not in held_out),
        tuple(it for it in every if it in held_out),
    )


def _inner(folder: Path, *but: re.Pattern[str]) -> Path:
    """The folder, or the one other that is all that it holds, if classes or parts are in that."""
    inside = _folders(folder)
    alone = len(inside) == 1 and not _holds_images(folder) and _folders(inside[0])
    return _inner(inside[0], *but) if alone and not _is_part(inside[0], *but) else folder


def _parts(folder: Path) -> tuple[Path | None, Path | None]:
    """The folders of training and of test images, if it has two such parts.

    One without the other is refused, unless it holds images as a class does.
    """
    inside = _folders(folder)
    train = _one(inside, TRAIN)
    tests = [it for it in (_one(inside, TEST), _one(inside, VALIDATION)) if it]
    # Of test images that nobody has sorted into classes nothing can be taken.
    test = next(filter(_folders, tests), tests[0] if tests else None)
    if train and test:
        return _inner(train), _inner(test)
    part = train or test
    if part and _folders(part) and not _holds_images(part):
        lacking, name = ("test", "test") if train else ("training", "train")
        raise DataError(
            f"{folder} has {part.name}, but no folder of {lacking} images: name that one {name}"
            f"{_split(train) if train else ''}"
        )
    return None, None


def _split(train: Path) -> str:
    """What can be done without test images."""
    return f", or name {train} itself, of which every fifth is then a test image"


def _is_part(folder: Path, *names: re.Pattern[str]) -> bool:
    return any(it.fullmatch(folder.name.lower()) for it in names)


def _one(folders: list[Path], names: re.Pattern[str]) -> Path | None:
    """The part of these names: the one with the plain name, where there are several, or None."""
    found = [it for it in folders if _is_part(it, names)]
    plain = [it for it in found if it.name.lower() in ("train", "test", "val")]
    if len(found := plain or found) > 1:
        raise DataError(
            f"{found[0]} and {found[1].name} are one part by their names: rename one, or take it"
            " away"
        )
    return found[0] if found else None


def _visible(name: str) -> bool:
    """Whether it is the user's own: macOS adds ``._x.png`` and ``__MACOSX`` to what it copies."""
    return name[0] != "." and name != "__MACOSX"


def _is_image(name: str) -> bool:
    return _visible(name) and Path(name).suffix.lower() in ENDINGS


def _holds_images(folder: Path) -> bool:
    return any(map(_is_image, os.listdir(folder)))


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(folder / it.name for it in entries if _visible(it.name) and is_folder(it))


def _classes(folder: Path, otherwise: str = "") -> tuple[str, ...]:
    names = tuple(it.name for it in _folders(folder))
    if len(names) < 2:
        raise DataError(
            f"{folder} has {len(names)} folder{'s' * (len(names) != 1)}, and should have one for"
            f" each of two or more classes, with the images of the class in it{otherwise}"
        )
    check_names(folder, names)
    return names


def _files(folder: Path, names: tuple[str, ...]) -> Files:
    found = tuple((it, label) for label, name in enumerate(names) for it in _images(folder / name))
    if empty := sorted(set(range(len(names))) - {label for _, label in found}):
        raise DataError(
            f"{folder / names[empty[0]]} holds no image ({', '.join(sorted(ENDINGS))}); add some,"
            " or take the folder away"
        )
    check_names(folder, (path.relative_to(folder).as_posix() for path, _ in found))
    if strange := [path for path, _ in found if not is_file(path)]:
        raise DataError(f"{strange[0]} is no regular file; mend or delete it")
    return found


def _images(folder: Path) -> list[Path]:
    """What has an image's ending in a folder and in those below it, sorted."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=_raised):
        found += [Path(place, it) for it in (*folders, *files) if _is_image(it)]
        folders[:] = filter(_visible, folders)
    return sorted(found)


def _raised(error: OSError) -> None:
    raise error
