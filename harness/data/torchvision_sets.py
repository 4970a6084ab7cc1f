"""Data sets of torchvision with images of one size, read and checked.

torchvision downloads no file that is there, even if it is damaged: errors say what to do.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.data.specs import MNIST_FILES
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
    """Whether its files are MNIST's, unpacked, of which torchvision has no md5 sums."""


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

    Raises DataError if a file is missing or damaged: by its md5 sum, or else because it cannot be
    read, or has another number of images or classes.
    """
    from torchvision.datasets.utils import check_integrity

    known, sums = KNOWN[name], _sums(name, root)
    if missing := [file for file in sums if not file.is_file()]:
        raise DataError(
            f"torchvision finds no {name} under {root} ({missing[0]} is missing);"
            f" {_fetch(name, root)}, or say where it is with --data-root"
        )
    for file, md5 in sums.items():
        if md5 and not check_integrity(file, md5):
            raise _damaged(name, root, f"{file} does not have the md5 sum {md5}")
    return (
        *_part(name, root, known.train_size, train=True),
        *_part(name, root, known.test_size, train=False),
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


def _part(name: str, root: Path, size: int, train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels as torchvision's own class reads them, which are so many."""
    from torchvision import datasets

    which = {"split": "train" if train else "test"} if KNOWN[name].by_split else {"train": train}
    part_name = f"{'training' if train else 'test'} files under {root}"
    try:
        part = getattr(datasets, name)(root, **which, download=False)
    except PermissionError:
        raise
    except Exception as error:  # Whatever damaged bytes lead to.
        raise _damaged(name, root, f"its {part_name} cannot be read ({error!r})") from error
    labels = np.asarray(part.labels if hasattr(part, "labels") else part.targets, dtype=np.int64)
    if len(part.data) != size or len(labels) != size or labels.max() >= KNOWN[name].classes:
        raise _damaged(name, root, f"its {part_name} hold other images or labels than they should")
    return np.asarray(part.data), labels


def _damaged(name: str, root: Path, why: str) -> DataError:
    return DataError(f"{name} is damaged: {why}; delete it, and {_fetch(name, root)}")


def _fetch(name: str, root: Path) -> str:
    parts = ("train", "test") if KNOWN[name].by_split else (True, False)
    return (
        f'fetch it with: python -c "from torchvision.datasets import {name};'
        f' [{name}({str(root)!r}, it, download=True) for it in {parts}]"'
    )
