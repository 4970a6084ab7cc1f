"""Folders of photographs: layout, labels, corrupt files, training."""

import shutil
from types import SimpleNamespace

import pytest
import torch
from torchvision.datasets import ImageFolder

from harness.data import photo_batches, photographs
from harness.data.photographs import photo_folder
from harness.errors import DataError, InvalidRecipe
from harness.evidence.record import stored_runs
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.photo_helpers import CORRUPT, prepared, small
from harness.tests.training_helpers import figures, finished
from harness.training.backend import Backend
from harness.training.checkpoint import restore, state_of
from harness.training.loop import Training

pytestmark = pytest.mark.usefixtures("own_cache")


def trained(recipe, root, workers=2):
    return finished(Training(recipe, prepared(recipe, root, workers), Backend("cpu", 1)))


def _is_photograph(path):
    return path.endswith(".JPEG") and "._" not in path


def test_a_folder_is_listed_as_torchvision_lists_it(folder):
    for name in ("notes.txt", "._0.JPEG"):
        (folder / "train" / "n000" / name).write_text("no image")
    found = photo_folder(folder)
    for part in ("train", "val"):
        theirs = ImageFolder(str(folder / part), is_valid_file=_is_photograph)
        labels = getattr(found, f"{part}_labels")
        ours = [(str(folder / p), y) for p, y in zip(getattr(found, part), labels, strict=True)]
        assert ours == theirs.samples and list(found.classes) == theirs.classes


def test_the_fingerprint_changes_with_a_file_and_not_with_the_folder(made, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(made, root / "imagenet")
    assert photo_folder(root).root == root / "imagenet"
    assert photo_folder(root).fingerprint == photo_folder(made).fingerprint
    other = shutil.copytree(made, tmp_path / "other")
    (other / "val" / "n000" / "0.JPEG").write_bytes(b"longer" * 1_000)
    assert photo_folder(other).fingerprint != photo_folder(made).fingerprint


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: shutil.rmtree(root / "train"), "no photographs under .*layout is train/CLA"),
        (lambda root: shutil.rmtree(root / "val"), "val has no class folders: ImageNet's layout"),
        (lambda root: shutil.rmtree(root / "val" / "n001"), "differ: n001 in one alone"),
        (lambda root: _empty(root / "train" / "n000"), "n000 holds no image"),
    ],
)
def test_another_layout_is_refused(spoil, message, folder):
    spoil(folder)
    with pytest.raises(DataError, match=message):
        photo_folder(folder)


def _empty(folder):
    for path in folder.iterdir():
        path.unlink()


def test_too_many_classes_are_refused(made):
    with pytest.raises(DataError, match="has 3 classes, but the networks here have 2 outputs"):
        photo_folder(made, most_classes=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_size": 13}, "needs 13 training photographs, .* holds 12; set train_s"),
        ({"batch_size": 11}, "last batch of one of the 12 photographs"),
        ({"batch_size": 1}, "batch_size = 1, .* BatchNorm normalises each by the others"),
        ({"rank_batch": 3}, "rank_batch = 3, .* BatchNorm normalises each by the others"),
    ],
)
def test_a_recipe_that_the_folder_cannot_serve_is_refused(changes, message, made):
    with pytest.raises((DataError, InvalidRecipe), match=message):
        prepared(small(**changes), made)


def test_corrupt_files_are_found_before_training(folder):
    for name in ("train/n001/2.JPEG", "val/n000/1.JPEG"):
        (folder / name).write_bytes(CORRUPT)
    with pytest.raises(DataError, match=r"2 of 18 .*n001/2.JPEG, .*n000/1.JPEG; .*skip_corrupt"):
        prepared(small(), folder)


def test_a_corrupt_file_is_tried_again_and_a_sound_one_is_not(folder, monkeypatch):
    file = folder / "train/n001/2.JPEG"
    good = file.read_bytes()
    file.write_bytes(bytes(len(good)))
    for _ in range(2):
        with pytest.raises(DataError, match="1 of 18 photographs do not decode"):
            prepared(small(), folder)
    file.write_bytes(good)
    assert prepared(small(), folder).skipped == 0
    monkeypatch.setattr(photo_batches, "decode", lambda path: pytest.fail("decoded again"))
    prepared(small(), folder)


def test_skipped_files_are_counted_and_change_no_other_label(folder):
    whole = prepared(small(), folder)
    (folder / "train/n001/2.JPEG").write_bytes(CORRUPT)
    photographs._listed.cache_clear()
    recipe = small(skip_corrupt=True)
    left = prepared(recipe, folder)
    kept = [index for index in range(12) if index != 6]
    assert left.train_labels.tolist() == whole.train_labels[kept].tolist()
    assert list(left.train_images.paths) == list(whole.train_images.paths[kept])
    (batch,) = left.train_images.batches([torch.arange(11)])
    (expected,) = whole.train_images.batches([torch.tensor(kept)])
    assert torch.equal(batch, expected)
    outcome = trained(recipe, folder).outcome
    assert outcome.skipped == 1 and outcome.train_total == 11


def test_random_labels_are_drawn_once_over_1000_classes(made):
    one, again = prepared(small(), made), prepared(small(), made, workers=1)
    assert one.train_labels.tolist() == again.train_labels.tolist()
    assert one.classes == 1_000 and one.train_labels.max() > 100
    other = prepared(small(seed=4), made).train_labels.tolist()
    assert other != one.train_labels.tolist()
    assert prepared(small(label_corruption=0.0), made).train_labels.tolist() == [
        label for label in range(3) for _ in range(4)
    ]
    assert one.test_labels.tolist() == [0, 0, 1, 1, 2, 2], "test labels changed"


@pytest.mark.parametrize("augmentation", [(), ("random crop", "flip", "colour")])
def test_neither_workers_nor_a_restart_change_a_bit(made, augmentation):
    recipe = small(augmentation=augmentation, epochs=3)
    whole, alone = trained(recipe, made), trained(recipe, made, workers=1)
    assert figures(whole.outcome) == figures(alone.outcome)
    first = Training(recipe, prepared(recipe, made), Backend("cpu", 1))
    first.run_epoch()
    second = Training(recipe, prepared(recipe, made), Backend("cpu", 1))
    restore(second, state_of(first))
    assert figures(finished(second).outcome) == figures(whole.outcome)


def test_best_and_last_accuracies_are_recorded(made, tmp_path):
    recipe = small(label_corruption=0.0, epochs=8, learning_rate=0.003)
    laboratory = Runner(Store(tmp_path / "runs"), device="cpu", data_root=made)
    outcome, curve = laboratory.run(recipe).outcome, laboratory.run(recipe).curve
    assert outcome.train_accuracy == 1 and outcome.train_top5 == 1
    assert 1 > outcome.test_top5 >= outcome.test_accuracy
    assert curve.test_top5[-1] == outcome.test_top5 and len(curve.test_top5) == curve.epochs
    assert outcome.best_test_accuracy == max(curve.test_accuracy) >= curve.test_accuracy[-1]
    assert outcome.best_test_top5 == max(curve.test_top5)
    (record,) = stored_runs(tmp_path / "runs", [SimpleNamespace(runs=[laboratory.run(recipe).key])])
    assert record.figures["train accuracy, top-5"] == 1
    assert record.figures["best test accuracy"] == pytest.approx(outcome.best_test_accuracy, 1e-5)
