"""Data sets of torchvision with images of one size, read and checked.

Missing and damaged files are named, with a remedy: torchvision downloads no file that is there,
even if it is damaged.
"""

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.data.specs import MNIST_FILES, require_intact
from harness.errors import DataError
from harness.files import readable


@dataclass(frozen=True)
class Known:
    """One of torchvision's data sets."""

    size: int
    """Pixels a side of its images."""
    classes: int
    train_size: int
    test_size: int
    by_split: bool = False
    """Whether its parts are chosen by ``split=`` and not by ``train=``."""
    raw: bool = False
    """Whether its files have MNIST's format: a header, then a byte for each pixel or label."""


KNOWN = {
    "MNIST": Known(28, 10, 60_000, 10_000, raw=True),
    "FashionMNIST": Known(28, 10, 60_000, 10_000, raw=True),
    "KMNIST": Known(28, 10, 60_000, 10_000, raw=True),
    "CIFAR100": Known(32, 100, 50_000, 10_000),
    "SVHN": Known(32, 10, 73_257, 26_032, by_split=True),
    "STL10": Known(96, 10, 5_000, 8_000, by_split=True),
    "USPS": Known(16, 10, 7_291, 2_007),
}


@lru_cache(maxsize=1)
@readable()
def torchvision_arrays(name: str, root: Path) -> tuple[np.ndarray, ...]:
    """Images, labels, test images, test labels, as torchvision has them.

    Raises DataError, naming the file, if one is missing or damaged: by its md5 sum, or else by its
    size, its header and the range of its labels.
    """
    known, sums = KNOWN[name], _sums(name, root)
    require_intact(name, root, sums, _fetch(name, root))
    if not known.raw:
        return (*_library(name, root, train=True), *_library(name, root, train=False))
    images, labels, test_images, test_labels = sums
    return (
        _raw(name, root, images, (known.train_size, known.size, known.size)),
        _raw_labels(name, root, labels, known.train_size),
        _raw(name, root, test_images, (known.test_size, known.size, known.size)),
        _raw_labels(name, root, test_labels, known.test_size),
    )


def _sums(name: str, root: Path) -> dict[Path, str]:
    """All files of a data set, training first, with their md5 sums; empty where none is known."""
    from torchvision import datasets

    kind = getattr(datasets, name)
    if KNOWN[name].raw:
        ends = ("images-idx3-ubyte", "labels-idx1-ubyte")
        files = [f"{name}/raw/{part}-{end}" for part in ("train", "t10k") for end in ends]
        return {root / file: MNIST_FILES.get(file, "") for file in files}
    if hasattr(kind, "split_list"):
        return {root / file: md5 for _, file, md5 in map(kind.split_list.get, ("train", "test"))}
    meta = [[kind.meta["filename"], kind.meta["md5"]]] if hasattr(kind, "meta") else []
    listed = [*kind.train_list, *meta, *kind.test_list]
    return {root / kind.base_folder / file: md5 for file, md5 in listed}


def _raw(name: str, root: Path, file: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes of one of MNIST's files; raises DataError unless they have this shape."""
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    content = file.read_bytes()
    wrong = []
    if len(content) != (wanted := len(header) + math.prod(shape)):
        wrong.append(f"has {len(content):,} bytes instead of {wanted:,}")
    if not content.startswith(header):
        wrong.append(f"begins with {content[: len(header)]!r} instead of {header!r}")
    if wrong:
        raise _damaged(name, root, file, " and ".join(wrong))
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _raw_labels(name: str, root: Path, file: Path, count: int) -> np.ndarray:
    labels, classes = _raw(name, root, file, (count,)).astype(np.int64), KNOWN[name].classes
    if (found := len(np.unique(labels))) != classes or labels.max() >= classes:
        why = f"holds {found} labels up to {labels.max()}, but it should hold 0 to {classes - 1}"
        raise _damaged(name, root, file, why)
    return labels


def _library(name: str, root: Path, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels as torchvision's own class reads them."""
    from torchvision import datasets

    which = {"split": "train" if train else "test"} if KNOWN[name].by_split else {"train": train}
    part = getattr(datasets, name)(root, **which, download=False)
    labels = part.labels if hasattr(part, "labels") else part.targets
    return np.asarray(part.data), np.asarray(labels, dtype=np.int64)


def _damaged(name: str, root: Path, file: Path, why: str) -> DataError:
    return DataError(f"{name} is damaged: {file} {why}; delete it, and {_fetch(name, root)}")


def _fetch(name: str, root: Path) -> str:
    parts = ("train", "test") if KNOWN[name].by_split else (True, False)
    return (
        f'fetch it with: python -c "from torchvision.datasets import {name};'
        f' [{name}({str(root)!r}, it, download=True) for it in {parts}]"'
    )
