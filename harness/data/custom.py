"""Custom data: a folder of images, or one of torchvision's data sets that is on the disk.

A folder has a folder for each class (`harness.data.class_folders`). Images are scaled so that they
fill a square, cropped to it from the centre, and kept in memory as bytes. Grey images get three
equal channels. The name of such a data set is ``folder:PATH@SIZE`` or ``torchvision:NAME``.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from harness.data.class_folders import listed
from harness.data.rgb import read_rgb
from harness.data.specs import DATASETS, DatasetSpec, data_root
from harness.data.torchvision_sets import KNOWN, torchvision_arrays
from harness.errors import DataError, UnknownName
from harness.files import is_dir, readable

FOLDER, TORCHVISION = "folder:", "torchvision:"
IMAGE_SIZE = 28
"""The paper's, where none is given."""


@readable()
def custom_dataset(text: str, root: Path | None, image_size: int | None) -> str:
    """The name of the data set that ``--dataset`` asks for; raises DataError if it is not there.

    Names of the catalogue stay as they are, in any spelling. Nothing is downloaded.
    """
    by_spelling = {name.lower().replace("-", ""): name for name in (*KNOWN, "cifar10", "digits")}
    if name := by_spelling.get(text.lower().replace("-", "")):
        if name in DATASETS:
            return name
        torchvision_arrays(name, data_root(root).absolute())
        return f"{TORCHVISION}{name}"
    folder = Path(os.path.expanduser(text))
    if not is_dir(folder):
        if "/" in text or os.path.exists(folder):
            raise DataError(
                f"--dataset {text}: there is no such folder; give one with a folder"
                " of images for each class"
            )
        known = [*KNOWN, "CIFAR10", "digits"]
        raise DataError(f"--dataset: {UnknownName('dataset', text, known)}, or a folder of images")
    name = f"{FOLDER}{os.path.abspath(folder)}@{image_size or IMAGE_SIZE}"
    custom_spec(name)
    return name


@lru_cache(maxsize=8)
def custom_spec(name: str) -> DatasetSpec:
    """Shape, classes and sizes. The files of a folder are listed, not read."""
    if name.startswith(TORCHVISION):
        title = name.removeprefix(TORCHVISION)
        if title not in KNOWN:
            raise DataError(str(UnknownName("torchvision dataset", title, KNOWN)))
        known = KNOWN[title]
        size, classes, sizes = known.size, known.classes, (known.train_size, known.test_size)
    else:
        folder, size = _folder_of(name)
        names, train, test = listed(folder)
        title, classes, sizes = folder.name, len(names), (len(train), len(test))
    second = tuple(range(classes // 2, classes))
    groups = ("first half of the classes", "second half of the classes")
    shape = (3, size, size)
    return DatasetSpec(name, title, shape, classes, *sizes, {}, groups, second, custom=True)


@lru_cache(maxsize=4)
@readable()
def custom_fingerprint(name: str, root: Path) -> str:
    """Changes with any byte of the data."""
    digest = hashlib.sha256(name.rpartition("@")[2].encode())
    if name.startswith(TORCHVISION):
        for array in torchvision_arrays(name.removeprefix(TORCHVISION), root):
            digest.update(array.tobytes())
        return digest.hexdigest()
    folder, _ = _folder_of(name)
    _, train, test = listed(folder)
    for path, label in (*train, *test):
        digest.update(f"{path.relative_to(folder).as_posix()} {label} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@readable()
def check_images(name: str, root: Path) -> str:
    """Read each image once; returns a sentence about equal images, empty if there are none.

    Raises DataError with the path of a corrupt image.
    """
    train, test = (
        [hashlib.sha256(it.data).digest() for it in part] for part in _images(name, root)
    )
    seen, notes = set(train), []
    if again := len(train) - len(seen):
        notes.append(f"{again:,} of its {len(train):,} training images equal an earlier one")
    if shared := sum(it in seen for it in test):
        notes.append(f"{shared:,} of its {len(test):,} test images equal a training image")
    return "; ".join(notes)


def custom_arrays(name: str, root: Path) -> tuple[np.ndarray, ...]:
    """Training images (N, 3, S, S) as bytes, their labels (N,), and the same for testing."""
    if name.startswith(TORCHVISION):
        images, labels, test_images, test_labels = torchvision_arrays(
            name.removeprefix(TORCHVISION), root
        )
        return _in_colour(images), labels, _in_colour(test_images), test_labels
    images, test_images = (np.stack(list(part)) for part in _images(name, root))
    labels, test_labels = (
        np.array([label for _, label in part], dtype=np.int64)
        for part in listed(_folder_of(name)[0])[1:]
    )
    return images, labels, test_images, test_labels


def _images(name: str, root: Path) -> Iterator[Iterator[np.ndarray]]:
    """The training images and the test images, as bytes."""
    if name.startswith(TORCHVISION):
        for part in torchvision_arrays(name.removeprefix(TORCHVISION), root)[::2]:
            yield map(np.ascontiguousarray, part)
        return
    folder, size = _folder_of(name)
    for files in listed(folder)[1:]:
        yield (_square(path, size) for path, _ in files)


def _folder_of(name: str) -> tuple[Path, int]:
    path, _, size = name.removeprefix(FOLDER).rpartition("@")
    return Path(path), int(size)


def _square(path: Path, size: int) -> np.ndarray:
    """An image as bytes (3, size, size)."""
    square = ImageOps.fit(read_rgb(path), (size, size), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _in_colour(images: np.ndarray) -> np.ndarray:
    """Bytes (N, H, W), (N, H, W, 3) or (N, 3, H, W) -> (N, 3, H, W)."""
    if images.ndim == 3:
        return np.repeat(images[:, None], 3, axis=1)
    return images if images.shape[1] == 3 else np.ascontiguousarray(images.transpose(0, 3, 1, 2))
