"""Data sets are verified and read, or refused with the file and the remedy."""

import hashlib
import http.client
import urllib.error
from dataclasses import replace
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torch
from torchvision import datasets

from harness.data.catalogue import DATASETS, data_root, missing_files, verify
from harness.data.sources import fetch, fingerprint, load
from harness.errors import DataError

CONTENT = {"batches/one": b"first file", "batches/two": b"second file"}


@pytest.fixture
def root(monkeypatch, tmp_path):
    """A folder with a complete "cifar10" of two small files."""
    sums = {name: hashlib.md5(content).hexdigest() for name, content in CONTENT.items()}
    monkeypatch.setitem(DATASETS, "cifar10", replace(DATASETS["cifar10"], files=sums))
    (tmp_path / "batches").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


class FakeCIFAR10:
    """What torchvision's class gives: arrays (N, H, W, C) and a list of labels."""

    def __init__(self, root: Path, train: bool, download: bool) -> None:
        assert not download, "load must never download"
        n = 3 if train else 2
        self.data = np.arange(n * 4 * 5 * 3, dtype=np.uint8).reshape(n, 4, 5, 3)
        self.targets = [1, 2, 0][:n]


def test_a_missing_file_is_named_with_the_remedy(root):
    assert missing_files("cifar10", root) == []
    verify("cifar10", root)
    (root / "batches/two").unlink()
    remedy = "fetch it with: python -m harness data fetch cifar10 --data-root .*RETHINKING_DATA"
    with pytest.raises(DataError, match=rf"CIFAR-10 .*batches/two .*1 of 2 files.*{remedy}"):
        load("cifar10", root)


@pytest.mark.parametrize("read", [load, lambda name, root: fetch(name, root)])
def test_a_damaged_file_is_named_with_both_checksums_and_the_remedy(root, read, monkeypatch):
    monkeypatch.setattr(datasets, "CIFAR10", lambda *_, **__: None)
    (root / "batches/two").write_bytes(b"second filf")
    found, expected = (hashlib.md5(it).hexdigest() for it in (b"second filf", b"second file"))
    sums = f"batches/two has md5 {found}, expected {expected}; delete it and fetch it with: python"
    with pytest.raises(DataError, match=f"CIFAR-10 is damaged: .*{sums}"):
        read("cifar10", root)


def test_torchvision_arrays_become_channels_first_bytes(root, monkeypatch):
    monkeypatch.setattr(datasets, "CIFAR10", FakeCIFAR10)
    images = load("cifar10", root)
    assert images.train_images.shape == (3, 3, 4, 5) and images.test_images.shape == (2, 3, 4, 5)
    assert images.train_images[1, 2, 3, 4] == FakeCIFAR10(root, True, False).data[1, 3, 4, 2]
    assert images.train_labels.tolist() == [1, 2, 0] and images.train_labels.dtype == torch.int64
    assert images.fingerprint == fingerprint("cifar10")


def test_the_fingerprint_changes_with_any_checksum(root, monkeypatch):
    before = fingerprint("cifar10")
    files = DATASETS["cifar10"].files | {"batches/two": "0" * 32}
    monkeypatch.setitem(DATASETS, "cifar10", replace(DATASETS["cifar10"], files=files))
    assert len({before, fingerprint("cifar10"), fingerprint("mnist"), fingerprint("digits")}) == 4


def test_the_data_folder_is_the_argument_then_the_variable_then_the_cache(monkeypatch, tmp_path):
    cache = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache / name)
    monkeypatch.setenv("RETHINKING_DATA", str(tmp_path / "variable"))
    assert data_root(tmp_path / "argument") == tmp_path / "argument"
    assert data_root() == tmp_path / "variable"
    monkeypatch.delenv("RETHINKING_DATA")
    assert data_root() == cache / "rethinking-generalization" / "data"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_root("~/images") == tmp_path / "images"


@pytest.mark.parametrize(
    "failure",
    [
        urllib.error.URLError("no route to host"),
        http.client.IncompleteRead(b"half"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_failed_download_names_the_data_set_and_the_folder(root, monkeypatch, failure, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(datasets, "CIFAR10", refuse)
    with pytest.raises(DataError, match="CIFAR-10 could not be fetched into") as refused:
        fetch("cifar10", tmp_path / "new")
    assert str(tmp_path / "new") in str(refused.value)
    assert refused.value.__cause__ is failure
