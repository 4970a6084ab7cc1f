"""Data of one's own: a folder of images, or one of torchvision's datasets that is on the disk.

A folder has a folder for each class, in ``train`` and ``test`` (or ``val``); without these, every
fifth image of a class, in the order of the names, is a test image. Images are scaled so that they
fill a square, cropped to it from the centre, and kept in memory as bytes. Grey images get three
equal channels. A dataset's canonical name is ``folder:PATH@SIZE`` or ``torchvision:NAME``.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.data.catalogue import DATASETS, DatasetSpec, data_root
from harness.data.names import check_names
from harness.errors import DataError, UnknownName

FOLDER, TORCHVISION = "folder:", "torchvision:"
IMAGE_SIZE = 28
"""The paper's, where none is given."""
ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
TEST_FOLDERS = ("test", "val", "valid", "validation")
EVERY_FIFTH = 5


@dataclass(frozen=True)
class Known:
    """A dataset of torchvision: shape of its images as they are, classes, sizes."""

    size: int
    classes: int
    train_size: int
    test_size: int
    by_split: bool = False
    """Whether its parts are named by ``split=`` and not by ``train=``."""


KNOWN = {
    "MNIST": Known(28, 10, 60_000, 10_000),
    "FashionMNIST": Known(28, 10, 60_000, 10_000),
    "KMNIST": Known(28, 10, 60_000, 10_000),
    "CIFAR100": Known(32, 100, 50_000, 10_000),
    "SVHN": Known(32, 10, 73_257, 26_032, by_split=True),
    "STL10": Known(96, 10, 5_000, 8_000, by_split=True),
    "USPS": Known(16, 10, 7_291, 2_007),
}
"""Those that torchvision holds as one array of equal images."""


def own_dataset(text: str, root: Path | None, image_size: int | None) -> str:
    """The canonical name of what ``--dataset`` names; raises DataError where it is not there.

    A name of the harness's own catalogue, in any spelling, is that. Nothing is downloaded.
    """
    by_spelling = {name.lower().replace("-", ""): name for name in (*KNOWN, "cifar10", "digits")}
    plain = text.lower().replace("-", "")
    if plain in by_spelling:
        name = by_spelling[plain]
        if name in DATASETS:
            return name
        _arrays(name, data_root(root).absolute())
        return f"{TORCHVISION}{name}"
    folder = Path(text).expanduser()
    if not folder.is_dir():
        if "/" in text or folder.exists():
            raise DataError(
                f"--dataset {text}: there is no such folder; give one with a folder"
                " of images for each class"
            )
        known = [*KNOWN, "CIFAR10", "digits"]
        raise DataError(f"--dataset: {UnknownName('dataset', text, known)}, or a folder of images")
    check_names(folder.parent, [str(folder.absolute())])
    name = f"{FOLDER}{folder.absolute()}@{image_size or IMAGE_SIZE}"
    own_spec(name)
    return name


def is_own(name: str) -> bool:
    """Whether a recipe's dataset is one of these."""
    return str(name).startswith((FOLDER, TORCHVISION))


@lru_cache(maxsize=8)
def own_spec(name: str) -> DatasetSpec:
    """Shape, classes and sizes; for a folder its files are listed, and none is read."""
    if name.startswith(TORCHVISION):
        title = name.removeprefix(TORCHVISION)
        if title not in KNOWN:
            raise DataError(str(UnknownName("torchvision dataset", title, KNOWN)))
        known = KNOWN[title]
        shape, classes = (3, known.size, known.size), known.classes
        sizes = (known.train_size, known.test_size)
    else:
        folder, size = _folder_of(name)
        names, train, test = _listed(folder)
        title, classes, sizes = folder.name, len(names), (len(train), len(test))
        shape = (3, size, size)
    second = tuple(range(classes // 2, classes))
    groups = ("first half of the classes", "second half of the classes")
    return DatasetSpec(name, title, shape, classes, *sizes, {}, groups, second, own=True)


@lru_cache(maxsize=4)
def own_fingerprint(name: str, root: Path) -> str:
    """Changes with any byte of the data."""
    digest = hashlib.sha256(name.rpartition("@")[2].encode())
    if name.startswith(TORCHVISION):
        for array in _arrays(name.removeprefix(TORCHVISION), root):
            digest.update(array.tobytes())
        return digest.hexdigest()
    folder, _ = _folder_of(name)
    _, train, test = _listed(folder)
    for path, label in (*train, *test):
        digest.update(f"{path.relative_to(folder).as_posix()} {label} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_images(name: str) -> None:
    """Read each image of a folder once; raises DataError with the path of one that is corrupt."""
    folder, size = _folder_of(name)
    for part in _listed(folder)[1:]:
        for path, _ in part:
            _read(path, size)


def own_arrays(name: str, root: Path) -> tuple[np.ndarray, ...]:
    """Training images (N, 3, S, S) as bytes, their labels (N,), and the same for testing."""
    if name.startswith(TORCHVISION):
        images, labels, test_images, test_labels = _arrays(name.removeprefix(TORCHVISION), root)
        return _in_colour(images), labels, _in_colour(test_images), test_labels
    folder, size = _folder_of(name)
    _, train, test = _listed(folder)
    parts: list[np.ndarray] = []
    for part in (train, test):
        parts.append(np.stack([_read(path, size) for path, _ in part]))
        parts.append(np.array([label for _, label in part], dtype=np.int64))
    return tuple(parts)


def _folder_of(name: str) -> tuple[Path, int]:
    path, _, size = name.removeprefix(FOLDER).rpartition("@")
    return Path(path), int(size)


Files = tuple[tuple[Path, int], ...]


@lru_cache(maxsize=4)
def _listed(folder: Path) -> tuple[tuple[str, ...], Files, Files]:
    """Class names, and the training and test files with the number of their class."""
    tests = [folder / name for name in TEST_FOLDERS if (folder / name).is_dir()]
    if (folder / "train").is_dir() and tests:
        names = _classes(folder / "train")
        if strange := sorted(set(_classes(tests[0])) ^ set(names)):
            raise DataError(
                f"{folder}: {strange[0]!r} is a class in one of train and {tests[0].name} alone;"
                " give both a folder for each class"
            )
        return names, _files(folder / "train", names), _files(tests[0], names)
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
    test = tuple(it for each in of_class for it in each[EVERY_FIFTH - 1 :: EVERY_FIFTH])
    held_out = set(test)
    return names, tuple(it for it in every if it not in held_out), test


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(it.name for it in folder.iterdir() if it.is_dir() and it.name[0] != "."))
    if len(names) < 2:
        raise DataError(
            f"{folder} has {len(names)} folders, and should have one for each of two or more"
            " classes, with the images of the class in it"
        )
    check_names(folder, names)
    return names


def _files(folder: Path, names: tuple[str, ...]) -> Files:
    found = tuple(
        (path, label)
        for label, name in enumerate(names)
        for path in sorted((folder / name).rglob("*"))
        if path.suffix.lower() in ENDINGS
    )
    if empty := sorted(set(range(len(names))) - {label for _, label in found}):
        raise DataError(
            f"{folder / names[empty[0]]} holds no image ({', '.join(sorted(ENDINGS))}); add some,"
            " or take the folder away"
        )
    check_names(folder, (path.relative_to(folder).as_posix() for path, _ in found))
    if strange := [path for path, _ in found if not path.is_file()]:
        raise DataError(f"{strange[0]} is no regular file; mend or delete it")
    return found


def _read(path: Path, size: int) -> np.ndarray:
    """An image as bytes (3, size, size)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            square = ImageOps.fit(image.convert("RGB"), (size, size), Image.Resampling.BILINEAR)
    except (MemoryError, Warning):
        raise
    except Exception as error:  # Pillow's decoders raise what they meet in the bytes.
        why = str(error) or type(error).__name__
        raise DataError(f"{path} cannot be read as an image ({why}); mend or delete it") from error
    return np.asarray(square).transpose(2, 0, 1)


@lru_cache(maxsize=1)
def _arrays(name: str, root: Path) -> tuple[np.ndarray, ...]:
    """What torchvision's own class reads: images, labels, test images, test labels."""
    from torchvision import datasets

    known = KNOWN[name]
    parts: list[np.ndarray] = []
    for train in (True, False):
        which = {"split": "train" if train else "test"} if known.by_split else {"train": train}
        try:
            part = getattr(datasets, name)(root, **which, download=False)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"torchvision finds no {name} under {root} ({' '.join(str(error).split())});"
                f' fetch it with: python -c "from torchvision.datasets import {name};'
                f" {name}('{root}', download=True)\", or say where it is with --data-root"
            ) from error
        labels = part.labels if hasattr(part, "labels") else part.targets
        parts += [np.asarray(part.data), np.asarray(labels, dtype=np.int64)]
    return tuple(parts)


def _in_colour(images: np.ndarray) -> np.ndarray:
    """Bytes (N, H, W), (N, H, W, 3) or (N, 3, H, W) -> (N, 3, H, W)."""
    if images.ndim == 3:
        return np.repeat(images[:, None], 3, axis=1)
    return images if images.shape[1] == 3 else np.ascontiguousarray(images.transpose(0, 3, 1, 2))
