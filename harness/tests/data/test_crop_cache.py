"""The first look at photographs, and the crops that it keeps on disk."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.data import crop_cache, decoding
from harness.data.crop_cache import look
from harness.data.photographs import photo_folder
from harness.errors import StoreError
from harness.tests.photo_helpers import prepared, small

pytestmark = pytest.mark.usefixtures("own_cache")


def test_kept_crops_are_what_decoding_gives_and_are_read_again(made, monkeypatch):
    first = prepared(small(), made)
    assert first.train_images.crops is not None
    places = [torch.tensor([3, 0]), torch.tensor([11])]
    kept = list(first.train_images.batches(places))
    decoded = list(replace(first.train_images, crops=None).batches(places))
    assert all(torch.equal(a, b) for a, b in zip(kept, decoded, strict=True))
    assert kept[0].shape == (2, 3, 24, 24) and -1 <= kept[0].min() < kept[0].max() <= 1
    monkeypatch.setattr(crop_cache, "_decode_all", lambda *a: pytest.fail("decoded again"))
    prepared(small(), made)
    with pytest.raises(pytest.fail.Exception, match="decoded again"):
        prepared(small(crop=25), made)


def test_a_full_disk_means_decoding_every_time(made, monkeypatch, caplog):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(crop_cache.shutil, "disk_usage", lambda folder: usage)
    folder = photo_folder(made)
    found = look(made, folder.train, 24, folder.fingerprint, 1)
    assert found.crops is None and found.corrupt == ()
    assert "decoded again every epoch" in caplog.text
    assert len(next(prepared(small(), made).train_images.batches([torch.arange(5)]))) == 5


@pytest.mark.parametrize("ending", [".json", ".npy"])
@pytest.mark.parametrize("damage", ["empty", "truncated", "nonsense", "another's", "header"])
def test_what_was_kept_and_is_damaged_is_made_anew(
    ending, damage, made, own_cache, tmp_path, caplog
):
    folder = photo_folder(made)
    asked = (made, folder.train, 24, folder.fingerprint, 1)
    sound = look(*asked).crops.tobytes()
    (path,) = own_cache.glob(f"*{ending}")
    content = path.read_bytes()
    if damage == "another's":
        other = tmp_path / f"other{ending}"
        other.write_text("[99]")
        if ending == ".npy":
            np.save(other, np.zeros((12, 3, 24, 24)))
        content = other.read_bytes()
    cut = {
        "empty": b"",
        "truncated": content[: len(content) // 2],
        "nonsense": b"[[1], {}]",
        "header": content.replace(b"24)", b"24 ", 1).replace(b"[]", b"{"),
    }
    path.unlink()  # Not written over: what is mapped would change.
    path.write_bytes(cut.get(damage, content))
    found = look(*asked)
    assert found.corrupt == () and found.crops.tobytes() == sound
    assert f"{path.name} is damaged; all photographs are" in caplog.text
    caplog.clear()
    assert look(*asked).crops.tobytes() == sound and not caplog.text


def test_a_look_that_was_killed_leaves_no_disk_taken(made, own_cache, monkeypatch):
    folder = photo_folder(made)
    asked = (made, folder.train, 24, folder.fingerprint, 1)
    look(*asked)
    (crops,) = own_cache.glob("*.npy")
    (found,) = own_cache.glob("*.json")
    left = crops.rename(crops.with_suffix(".part"))
    found.unlink()
    room = []
    monkeypatch.setattr(crop_cache, "_fits", lambda *_: room.append(left.exists()) or True)
    assert look(*asked).crops is not None
    assert room == [False], "asked for room with the old file still there"


def test_what_was_found_being_lost_takes_no_second_copy(made, own_cache, monkeypatch):
    """The disk may have room for one."""
    folder = photo_folder(made)
    asked = (made, folder.train, 24, folder.fingerprint, 1)
    look(*asked)
    (crops,) = own_cache.glob("*.npy")
    (found,) = own_cache.glob("*.json")
    found.write_bytes(b"")
    there = []
    decode_all = crop_cache._decode_all
    monkeypatch.setattr(
        crop_cache, "_decode_all", lambda *a: there.append(crops.exists()) or decode_all(*a)
    )
    assert look(*asked).crops is not None and there == [False]


def test_a_disk_that_has_filled_up_is_an_error_and_leaves_nothing(made, own_cache, monkeypatch):
    """What is mapped is reserved first: written to a full disk it would kill the process."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(crop_cache.os, "posix_fallocate", full, raising=False)
    with pytest.raises(StoreError, match=r"cannot keep what was decoded.*No space left on device"):
        prepared(small(), made)
    left = [path.name for path in own_cache.iterdir() if path.suffix != ".lock"]
    assert left == []


def test_a_first_look_that_is_interrupted_leaves_nothing_behind(made, own_cache, monkeypatch):
    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(decoding, "decode", killed)
    with pytest.raises(KeyboardInterrupt):
        prepared(small(), made)
    left = [path.name for path in own_cache.iterdir() if path.suffix != ".lock"]
    assert left == []
