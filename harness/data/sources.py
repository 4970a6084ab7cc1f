"""Data sets, read and verified."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch

from harness.data.catalogue import dataset_spec, verify
from harness.data.custom import custom_arrays, custom_fingerprint
from harness.data.photographs import photo_folder
from harness.data.specs import DatasetSpec, data_root
from harness.data.streams import stream
from harness.errors import DataError


@dataclass(frozen=True)
class ImageSet:
    """Images as they are on disk: uint8 (N, C, H, W), and labels int64 (N,), on the CPU."""

    spec: DatasetSpec
    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    fingerprint: str
    """Changes with any byte of the data."""


def fingerprint(name: str, root: str | Path | None = None) -> str:
    """Identifies the data set's content by its published checksums, or else by all its bytes.

    For photographs, by their names and sizes; raises DataError as `photo_folder` does.
    """
    spec = dataset_spec(name)
    if spec.is_folder:
        return photo_folder(data_root(root), spec.classes).fingerprint
    if spec.custom:
        return custom_fingerprint(name, data_root(root).absolute())
    if spec.embedded:
        return _digits().fingerprint
    return hashlib.sha256(repr(sorted(spec.files.items())).encode()).hexdigest()


@lru_cache(maxsize=1)
def _digits() -> ImageSet:
    """1,797 handwritten digits of 8x8, three equal channels; a fixed split, 797 and 1,000."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    # Grey levels from 0 to 16, spread over a byte.
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = torch.from_numpy(pixels)[:, None].expand(-1, 3, -1, -1)
    labels = torch.from_numpy(digits.target.astype(np.int64))
    content = hashlib.sha256(pixels.tobytes() + labels.numpy().tobytes()).hexdigest()
    # The file is ordered by writer; a fixed shuffle makes both parts alike.
    spec = dataset_spec("digits")
    order = torch.randperm(len(labels), generator=stream(0, "digits split"))
    train, test = order[: spec.train_size], order[spec.train_size :]
    return ImageSet(spec, images[train], labels[train], images[test], labels[test], content)


def _torchvision(name: str, root: Path) -> ImageSet:
    """CIFAR10 or MNIST, read by torchvision after its checksums are verified."""
    from torchvision import datasets

    verify(name, root)
    cls = getattr(datasets, name.upper())
    parts: list[torch.Tensor] = []
    for train in (True, False):
        part = cls(root, train=train, download=False)
        pixels = torch.as_tensor(part.data)
        pixels = pixels.permute(0, 3, 1, 2) if pixels.ndim == 4 else pixels[:, None]
        parts += [pixels, torch.as_tensor(part.targets, dtype=torch.int64)]
    train_images, train_labels, test_images, test_labels = parts
    return ImageSet(
        dataset_spec(name), train_images, train_labels, test_images, test_labels, fingerprint(name)
    )


@lru_cache(maxsize=2)
def _load(name: str, root: Path) -> ImageSet:
    spec = dataset_spec(name)
    if spec.custom:
        images, labels, test_images, test_labels = map(torch.from_numpy, custom_arrays(name, root))
        key = custom_fingerprint(name, root)
        return ImageSet(spec, images, labels, test_images, test_labels, key)
    return _digits() if spec.embedded else _torchvision(name, root)


def load(name: str, root: str | Path | None = None) -> ImageSet:
    """The data set ``name`` from ``root`` (default: `data_root`), cached in memory.

    Raises UnknownName, or DataError where a file is missing or its checksum is wrong.
    """
    return _load(name, data_root(root).absolute())


def fetch(name: str, root: str | Path | None = None) -> Path:
    """Download a data set with torchvision and verify it; returns its folder."""
    from torchvision import datasets

    spec, where = dataset_spec(name), data_root(root)
    if spec.embedded:
        return where
    if spec.is_folder:
        raise DataError(
            f"{spec.title} cannot be fetched without an account at image-net.org: unpack it, or any"
            f" folder of photographs in its layout, under {where / name} (train/CLASS/*.JPEG,"
            " val/CLASS/*.JPEG), or say where it is with --data-root"
        )
    try:
        where.mkdir(parents=True, exist_ok=True)
        getattr(datasets, name.upper())(where, train=True, download=True)
    except (OSError, RuntimeError, HTTPException) as error:
        raise DataError(f"{spec.title} could not be fetched into {where}: {error}") from error
    verify(name, where)
    return where
