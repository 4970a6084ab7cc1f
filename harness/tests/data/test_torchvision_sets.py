"""Damaged files of torchvision's data sets are named, with a remedy that works."""

import bz2
import gzip
import hashlib
import re
import struct
from dataclasses import replace

import numpy as np
import pytest
from torchvision import datasets
from torchvision.datasets import utils

from harness.data import torchvision_sets
from harness.data.torchvision_sets import KNOWN, torchvision_arrays
from harness.errors import DataError

LABELS = np.arange(30, dtype=np.uint8) % 10
IMAGES = np.arange(30 * 28 * 28).reshape(30, 28, 28).astype(np.uint8)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """All data sets have 30 training and 20 test images."""
    for name, known in KNOWN.items():
        monkeypatch.setitem(KNOWN, name, replace(known, train_size=30, test_size=20))
    yield
    torchvision_arrays.cache_clear()


def raw(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def fashion(tmp_path):
    """FashionMNIST's four files."""
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for part, count in (("train", 30), ("t10k", 20)):
        for end, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            (folder / f"{part}-{end}-ubyte").write_bytes(raw(array[:count]))
    return folder


def test_intact_files_are_read_as_by_torchvision(fashion, tmp_path):
    images, labels, test_images, test_labels = torchvision_arrays("FashionMNIST", tmp_path)
    for train, *found in ((True, images, labels), (False, test_images, test_labels)):
        part = datasets.FashionMNIST(tmp_path, train=train)
        for mine, theirs in zip(found, (part.data, part.targets), strict=True):
            assert (mine == theirs.numpy()).all() and mine.dtype == theirs.numpy().dtype


@pytest.mark.parametrize(
    ("file", "spoil", "why"),
    [
        ("train-labels-idx1-ubyte", lambda _: b"", "has 0 bytes instead of 38 and begins with b''"),
        ("t10k-images-idx3-ubyte", lambda _: b"<html>404", "has 9 bytes .* with b'<html>404' inst"),
        ("train-labels-idx1-ubyte", gzip.compress, r"begins with b'\\x1f\\x8b"),
        ("train-images-idx3-ubyte", lambda it: it[:-9], "has 23,527 bytes instead of 23,536;"),
        ("t10k-labels-idx1-ubyte", lambda it: it[:-1] + b"\xff", "holds 11 labels up to 255, but"),
        (
            "train-labels-idx1-ubyte",
            lambda it: it[:8] + bytes(30),
            "holds 1 labels up to 0, but it",
        ),
    ],
)
def test_a_damaged_raw_file_is_named_and_the_remedy_works(
    fashion, tmp_path, monkeypatch, file, spoil, why
):
    sound = (fashion / file).read_bytes()
    (fashion / file).write_bytes(spoil(sound))
    with pytest.raises(DataError, match=rf"FashionMNIST is damaged: \S*{file} .*{why}") as refused:
        torchvision_arrays("FashionMNIST", tmp_path)
    # The remedy is executed, with local archives in place of a download.
    resources = []
    for each in fashion.iterdir():
        archive = gzip.compress(sound if each.name == file else each.read_bytes())
        each.with_name(f"{each.name}.gz").write_bytes(archive)
        resources.append((f"{each.name}.gz", hashlib.md5(archive).hexdigest()))
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    monkeypatch.setattr(utils, "_urlretrieve", lambda *_: pytest.fail("all is there"))
    (fashion / file).unlink()
    exec(re.search(r"delete it, and fetch it with: python -c \"(.*)\"$", str(refused.value))[1], {})
    assert (fashion / file).read_bytes() == sound
    torchvision_arrays("FashionMNIST", tmp_path)


@pytest.mark.parametrize("name", ["CIFAR100", "SVHN", "STL10", "USPS"])
def test_a_file_with_another_checksum_is_named(tmp_path, monkeypatch, name):
    sums = torchvision_sets._sums(name, tmp_path)
    for file in sums:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"sound")
    bad = list(sums)[-1]
    bad.write_bytes(b"damaged")
    known = hashlib.md5(b"sound").hexdigest()
    monkeypatch.setattr(torchvision_sets, "_sums", lambda *_: dict.fromkeys(sums, known))
    with pytest.raises(DataError, match=rf"{name} is damaged: {bad} has md5 "):
        torchvision_arrays(name, tmp_path)
    bad.unlink()
    with pytest.raises(DataError, match=rf"{name} is not complete under .*: {bad} is missing"):
        torchvision_arrays(name, tmp_path)


@pytest.mark.parametrize("name", ["SVHN", "USPS"])
def test_the_remedy_fetches_both_parts(tmp_path, monkeypatch, name):
    with pytest.raises(DataError) as refused:
        torchvision_arrays(name, tmp_path)
    fetched = []
    monkeypatch.setattr(datasets, name, lambda root, part, download: fetched.append((root, part)))
    exec(re.search(r"fetch it with: python -c \"(.*)\",", str(refused.value))[1], {})
    parts = ("train", "test") if name == "SVHN" else (True, False)
    assert fetched == [(str(tmp_path), part) for part in parts]


def test_compressed_files_are_read_by_torchvision(tmp_path, monkeypatch):
    pixels = " ".join(f"{index}:0.5" for index in range(1, 257))
    for name, labels in (("usps.bz2", range(1, 11)), ("usps.t.bz2", [1, 10])):
        lines = "".join(f"{label} {pixels}\n" for label in labels)
        (tmp_path / name).write_bytes(bz2.compress(lines.encode()))
    sums = dict.fromkeys((tmp_path / "usps.bz2", tmp_path / "usps.t.bz2"), "")
    monkeypatch.setattr(torchvision_sets, "_sums", lambda *_: sums)
    images, labels, test_images, test_labels = torchvision_arrays("USPS", tmp_path)
    assert (images.shape, test_images.shape) == ((10, 16, 16), (2, 16, 16))
    assert labels.tolist() == list(range(10)) and test_labels.tolist() == [0, 9]
