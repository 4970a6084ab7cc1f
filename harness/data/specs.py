"""The published data sets: sizes, files and checksums. Imports no torch."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from harness.errors import DataError
from harness.files import is_file

CIFAR10_FILES = {
    "cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
    "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
    "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "cifar-10-batches-py/test_batch": "40351d587109b95175f43aff81a1287e",
    "cifar-10-batches-py/batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
"""md5 sums from torchvision."""

MNIST_FILES = {
    "MNIST/raw/train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "MNIST/raw/train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "MNIST/raw/t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "MNIST/raw/t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""md5 sums of the unpacked files; torchvision has only those of the archives."""

BY_SIZE = (("digits below five", "digits from five up"), (5, 6, 7, 8, 9))
BY_LIFE = (("vehicles", "animals"), (2, 3, 4, 5, 6, 7))


@dataclass(frozen=True)
class DatasetSpec:
    """A data set: its shape is (channels, height, width), ``files`` maps each file to its md5."""

    name: str
    title: str
    shape: tuple[int, int, int]
    classes: int
    train_size: int
    test_size: int
    files: dict[str, str]
    groups: tuple[str, str] = ("", "")
    """Names of the two groups of classes that section 2.2 distinguishes."""
    second_group: tuple[int, ...] = ()
    """The classes of the second group; empty where there are no groups."""
    is_folder: bool = False
    """Whether it is a folder of photographs in ImageNet's layout. Shape, classes and sizes are
    ImageNet's own; a folder may hold fewer."""
    custom: bool = False
    """Whether the user brought it: see `harness.data.custom`."""

    @property
    def embedded(self) -> bool:
        """Whether it comes with a dependency and needs no download."""
        return not self.files and not self.is_folder and not self.custom


DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec("digits", "scikit-learn's digits", (3, 8, 8), 10, 797, 1000, {}, *BY_SIZE),
        DatasetSpec(
            "cifar10", "CIFAR-10", (3, 32, 32), 10, 50_000, 10_000, CIFAR10_FILES, *BY_LIFE
        ),
        DatasetSpec("mnist", "MNIST", (1, 28, 28), 10, 60_000, 10_000, MNIST_FILES, *BY_SIZE),
        DatasetSpec(
            "imagenet",
            "ImageNet",
            (3, 299, 299),
            1_000,
            1_281_167,
            50_000,
            {},
            is_folder=True,
        ),
    )
}


def require_intact(title: str, root: Path, sums: Mapping[Path, str], fetch: str) -> None:
    """Raise DataError unless every file is there and has its md5 sum; an empty one is not checked.

    ``fetch`` says how to get the files.
    """
    if missing := [file for file in sums if not is_file(file)]:
        raise DataError(
            f"{title} is not complete under {root}: {missing[0]} is missing ({len(missing)} of"
            f" {len(sums)} files); {fetch}, or say where it is with --data-root or RETHINKING_DATA"
        )
    for file, expected in sums.items():
        with file.open("rb") as handle:
            found = hashlib.file_digest(handle, "md5").hexdigest() if expected else ""
        if found != expected:
            raise DataError(
                f"{title} is damaged: {file} has md5 {found}, expected {expected}; delete it and"
                f" {fetch}"
            )


def data_root(explicit: str | Path | None = None) -> Path:
    """The data folder: the argument, else $RETHINKING_DATA, else the platform's cache."""
    if explicit:
        return Path(explicit).expanduser()
    if from_environment := os.environ.get("RETHINKING_DATA"):
        return Path(from_environment).expanduser()
    return platformdirs.user_cache_path("rethinking-generalization") / "data"
