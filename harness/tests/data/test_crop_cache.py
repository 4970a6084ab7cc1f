"""Photographs are decoded once before training, and their crops kept on disk."""

from dataclasses import replace

import pytest
import torch

from harness.data import crop_cache, decoding
from harness.data.crop_cache import inspect_photographs
from harness.data.photographs import photo_folder
from harness.errors import StoreError
from harness.tests.photo_helpers import prepared, small

pytestmark = pytest.mark.usefixtures("own_cache")


def inspected(root):
    folder = photo_folder(root)
    return inspect_photographs(root, folder.train, 24, folder.fingerprint, 1)


def test_kept_crops_equal_decoded_ones_and_are_read_again(made, monkeypatch):
    first = prepared(small(), made)
    assert first.train_images.crops is not None
    indices = [torch.tensor([3, 0]), torch.tensor([11])]
    kept = list(first.train_images.batches(indices))
    decoded = list(replace(first.train_images, crops=None).batches(indices))
    assert all(torch.equal(a, b) for a, b in zip(kept, decoded, strict=True))
    assert kept[0].shape == (2, 3, 24, 24) and -1 <= kept[0].min() < kept[0].max() <= 1
    monkeypatch.setattr(crop_cache, "_decode_all", lambda *a: pytest.fail("decoded again"))
    prepared(small(), made)
    with pytest.raises(pytest.fail.Exception, match="decoded again"):
        prepared(small(crop=25), made)


def test_without_disk_space_photographs_are_decoded_every_time(made, monkeypatch, caplog):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(crop_cache.shutil, "disk_usage", lambda folder: usage)
    found = inspected(made)
    assert found.crops is None and found.corrupt == ()
    assert "decoded again every epoch" in caplog.text
    assert len(next(prepared(small(), made).train_images.batches([torch.arange(5)]))) == 5


def test_the_partial_file_of_a_killed_process_is_removed_first(made, own_cache, monkeypatch):
    inspected(made)
    (crops,) = own_cache.glob("*.crops")
    partial = crops.rename(crops.with_suffix(".part"))
    there = []
    monkeypatch.setattr(crop_cache, "_fits", lambda *_: there.append(partial.exists()) or True)
    assert inspected(made).crops is not None and there == [False]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), StoreError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_an_interrupted_inspection_leaves_nothing_behind(
    error, raised, made, own_cache, monkeypatch
):
    def raises(*_):
        raise error

    monkeypatch.setattr(decoding, "central", raises)
    with pytest.raises(raised):
        prepared(small(), made)
    assert [path.name for path in own_cache.iterdir() if path.suffix != ".lock"] == []
