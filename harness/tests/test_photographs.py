"""Folders of photographs: layout, labels, corrupt files, crops on disk, and their training."""

import shutil
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torchvision.datasets import ImageFolder

from harness.data import crop_cache, decoding
from harness.data.crop_cache import look
from harness.data.decoding import CorruptImage, augmented, central, crop_box, decode, image_stream
from harness.data.photographs import photo_folder
from harness.errors import DataError, HarnessError, InvalidRecipe
from harness.evidence.run_record import stored_runs
from harness.models import build_model
from harness.runs.laboratory import Laboratory
from harness.runs.store import Store
from harness.tests.photo_helpers import CORRUPT, photo, photo_layout
from harness.training.backend import Backend
from harness.training.imagenet import ROWS, imagenet_recipe
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.recipe import Recipe
from harness.training.shared_steps import SharedSteps
from harness.training.state import restore, state_of


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(crop_cache, "default_cache", lambda: tmp_path / "crops")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return photo_layout(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "photographs")


def small(**changes):
    """A linear network on all of the photographs, 12 of them."""
    chosen = {
        "dataset": "imagenet",
        "crop": 24,
        "label_corruption": 1.0,
        "batch_size": 4,
        "epochs": 2,
        "seed": 3,
    }
    return Recipe(model="linear", precision="fp32", **(chosen | changes))


def prepared(recipe, root, workers=2):
    return prepared_data(recipe, root, "cpu", "fp32", workers=workers)


def trained(recipe, root, workers=2):
    training = Training(recipe, prepared(recipe, root, workers), Backend("cpu", 1))
    while not training.over:
        training.run_epoch()
    return training


# --- The folder --------------------------------------------------------------------------------


def test_a_folder_is_listed_as_torchvision_lists_it(folder):
    (folder / "train" / "n000" / "notes.txt").write_text("no image")
    found = photo_folder(folder)
    for part in ("train", "val"):
        theirs = ImageFolder(str(folder / part))
        labels = getattr(found, f"{part}_labels")
        ours = [(str(folder / p), y) for p, y in zip(getattr(found, part), labels, strict=True)]
        assert ours == theirs.samples and list(found.classes) == theirs.classes


def test_it_is_found_under_its_name_and_its_print_changes_with_a_file(made, tmp_path):
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
        (lambda root: shutil.rmtree(root / "val"), "val is missing: ImageNet's layout"),
        (lambda root: shutil.rmtree(root / "val" / "n001"), r"differ: 1 are in train alone \(n001"),
        (lambda root: shutil.rmtree(root / "train" / "n002"), r"1 are in val alone \(n002\)"),
        (lambda root: _flatten(root / "val"), "no class folders, but 6 loose images: sort them"),
        (lambda root: (root / "val" / "n000" / "0.JPEG").rename(root / "x.JPEG"), ""),
        (lambda root: _empty(root / "train" / "n000"), "n000 holds no image"),
    ],
)
def test_a_folder_that_is_not_in_the_layout_is_refused(spoil, message, folder):
    spoil(folder)
    if not message:
        assert len(photo_folder(folder).val) == 5
        return
    with pytest.raises(DataError, match=message):
        photo_folder(folder)


def _flatten(part):
    for place, path in enumerate(sorted(part.rglob("*.JPEG"))):
        path.rename(part / f"{place}.JPEG")
    for child in [child for child in part.iterdir() if child.is_dir()]:
        child.rmdir()


def _empty(folder):
    for path in folder.iterdir():
        path.unlink()


def test_more_classes_than_the_network_has_are_refused(made):
    with pytest.raises(DataError, match="has 3 classes, but the networks here tell 2 apart"):
        photo_folder(made, most_classes=2)


def test_more_photographs_than_there_are_are_refused(made):
    with pytest.raises(DataError, match=r"needs 13 training photographs, .* holds 12; set train_s"):
        prepared(small(train_size=13), made)


def test_a_last_batch_of_one_photograph_is_refused_before_anything_trains(made):
    with pytest.raises(InvalidRecipe, match="last batch of one of the 12 photographs"):
        prepared(small(batch_size=11), made)


# --- Decoding ----------------------------------------------------------------------------------


def test_a_central_crop_is_seven_eighths_of_both_sides():
    image = torch.zeros(3, 80, 160, dtype=torch.uint8)
    image[:, 5:75, 10:150] = 200
    assert (central(image, 75) == 200).all()
    image[:, 6:74, 11:149] = 0
    assert (central(image, 75)[:, [0, -1]] > 0).all()


def test_crops_are_within_the_image_and_of_the_areas_and_aspects_asked_for():
    generator = torch.Generator().manual_seed(0)
    shares, aspects = [], []
    for _ in range(300):
        top, left, rows, columns = crop_box(100, 130, torch.rand(40, generator=generator).tolist())
        assert 0 <= top <= 100 - rows and 0 <= left <= 130 - columns
        shares.append(rows * columns / 13_000)
        aspects.append(columns / rows)
    assert 0.045 < min(shares) < 0.1 and 0.85 < max(shares) <= 1
    assert 0.7 < min(aspects) < 0.8 and 1.2 < max(aspects) < 1.4
    assert crop_box(10, 400, [1.0] * 40) == (0, 0, 10, 400), "no try fits: the whole image"


@pytest.mark.parametrize("switch", ["random crop", "flip", "rotation", "colour"])
def test_a_switch_changes_the_image_the_same_way_each_time_and_by_its_own_draws(switch):
    image = photo(0)

    def drawn(epoch, *switches):
        return augmented(image, 32, switches, image_stream(0, epoch, "train/n0/0.JPEG"))

    first = [drawn(epoch, switch) for epoch in range(12)]
    assert all(torch.equal(a, drawn(epoch, switch)) for epoch, a in enumerate(first))
    different = {a.numpy().tobytes() for a in first}
    assert len(different) == (2 if switch == "flip" else 12)
    assert torch.equal(drawn(0), central(image, 32))
    flips = [torch.equal(drawn(e, "flip"), central(image, 32)) for e in range(12)]
    after = [torch.equal(drawn(e, "flip", switch), drawn(e, switch)) for e in range(12)]
    assert switch == "flip" or flips == after, "what one switch draws hangs on no other"


def test_brightness_is_added_as_tensorflow_does():
    grey = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    assert decoding.distort_colour(grey, [1.0, 0.5, 0.5, 0.5]).flatten().tolist() == [132] * 48


def test_a_file_that_does_not_decode_is_named(tmp_path):
    (tmp_path / "a.JPEG").write_bytes(CORRUPT)
    (tmp_path / "b.JPEG").write_bytes(b"")
    for name in ("a.JPEG", "b.JPEG", "missing.JPEG"):
        with pytest.raises(CorruptImage, match=f"{name} does not decode"):
            decode(tmp_path / name)


# --- Corrupt files and kept crops --------------------------------------------------------------


def test_corrupt_files_stop_a_training_before_it_starts(folder):
    for name in ("train/n001/2.JPEG", "val/n000/1.JPEG"):
        (folder / name).write_bytes(CORRUPT)
    with pytest.raises(DataError, match=r"2 of 18 .*n001/2.JPEG, .*n000/1.JPEG; .*skip_corrupt"):
        prepared(small(), folder)


def test_or_are_left_out_and_counted_and_move_no_other_label(folder):
    whole = prepared(small(), folder)
    (folder / "train/n001/2.JPEG").write_bytes(CORRUPT)
    photo_folder.__globals__["_listed"].cache_clear()
    recipe = small(skip_corrupt=True)
    left = prepared(recipe, folder)
    kept = [place for place in range(12) if place != 6]
    assert left.train_labels.tolist() == whole.train_labels[kept].tolist()
    assert list(left.train_images.paths) == list(whole.train_images.paths[kept])
    (batch,) = left.train_images.batches([torch.arange(11)])
    (expected,) = whole.train_images.batches([torch.tensor(kept)])
    assert torch.equal(batch, expected)
    outcome = trained(recipe, folder).outcome()
    assert outcome.skipped == 1 and outcome.train_total == 11


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


def test_a_first_look_that_is_interrupted_leaves_nothing_behind(made, tmp_path, monkeypatch):
    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(decoding, "decode", killed)
    with pytest.raises(KeyboardInterrupt):
        prepared(small(), made)
    left = [path.name for path in (tmp_path / "crops").iterdir() if path.suffix != ".lock"]
    assert left == []


# --- Labels and training -----------------------------------------------------------------------


def test_random_labels_are_drawn_once_over_1000_classes(made):
    one, again = prepared(small(), made), prepared(small(), made, workers=1)
    assert one.train_labels.tolist() == again.train_labels.tolist()
    assert one.classes == 1_000 and one.train_labels.max() > 100
    other = prepared(small(seed=4), made).train_labels.tolist()
    assert other != one.train_labels.tolist()
    assert prepared(small(label_corruption=0.0), made).train_labels.tolist() == [
        label for label in range(3) for _ in range(4)
    ]
    assert one.test_labels.tolist() == [0, 0, 1, 1, 2, 2], "test labels are never touched"


@pytest.mark.parametrize("augmentation", [(), ("random crop", "flip", "colour")])
def test_workers_change_no_bit_and_a_restart_goes_on_with_the_same_labels(made, augmentation):
    recipe = small(augmentation=augmentation, epochs=3)
    whole, alone = trained(recipe, made), trained(recipe, made, workers=1)

    def figures(training):
        outcome = asdict(training.outcome())
        outcome["curve"]["seconds"] = None
        return outcome

    assert figures(whole) == figures(alone)
    first = Training(recipe, prepared(recipe, made), Backend("cpu", 1))
    first.run_epoch()
    second = Training(recipe, prepared(recipe, made), Backend("cpu", 1))
    restore(second, *state_of(first))
    while not second.over:
        second.run_epoch()
    assert figures(second) == figures(whole)


def test_top_1_and_top_5_train_and_test_best_and_last_are_kept(made, tmp_path):
    recipe = small(label_corruption=0.0, epochs=8, learning_rate=0.003)
    laboratory = Laboratory(Store(tmp_path / "runs"), device="cpu", data_root=made)
    outcome, curve = laboratory.run(recipe).outcome, laboratory.run(recipe).curve
    assert outcome.train_accuracy == 1 and outcome.train_top5 == 1
    assert 1 > outcome.test_top5 >= outcome.test_accuracy
    assert curve.test_top5[-1] == outcome.test_top5 and len(curve.test_top5) == curve.epochs
    assert outcome.best_test_accuracy == max(curve.test_accuracy) >= curve.test_accuracy[-1]
    assert outcome.best_test_top5 == max(curve.test_top5)
    (record,) = stored_runs(tmp_path / "runs", [SimpleNamespace(runs=[laboratory.run(recipe).key])])
    assert record.figures["train accuracy, top-5"] == 1
    assert record.figures["best test accuracy"] == pytest.approx(outcome.best_test_accuracy, 1e-5)


# --- Inception v3 and its recipes --------------------------------------------------------------


def test_inception_v3_has_torchvisions_weights_and_an_auxiliary_classifier_where_asked():
    generator = torch.Generator().manual_seed(0)
    network = build_model("inception-v3", (3, 75, 75), 1_000, generator)
    assert sum(p.numel() for p in network.parameters()) == 23_834_568
    again = build_model("inception-v3", (3, 75, 75), 1_000, torch.Generator().manual_seed(0))
    pairs = zip(network.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    conv = network.network.Conv2d_2b_3x3.conv.weight
    assert conv.detach().std() == pytest.approx(0.088, abs=0.003) and conv.abs().max() <= 0.2
    with pytest.raises(HarnessError, match=r"75x75 or more, not 3x74x75; set crop=75"):
        build_model("inception-v3", (3, 74, 75), 1_000, generator)
    with pytest.raises(HarnessError, match=r"with its auxiliary classifier .* 299x299 or more"):
        build_model("inception-v3", (3, 75, 75), 10, generator, auxiliary=True)


def test_the_auxiliary_classifiers_loss_counts_four_tenths(made):
    recipe = small(epochs=1)
    training = Training(recipe, prepared(recipe, made), Backend("cpu", 1))

    class Two(torch.nn.Module):
        def __init__(self, linear):
            super().__init__()
            self.linear = linear

        def forward(self, x):
            return (self.linear(x), self.linear(x)) if self.training else self.linear(x)

    images, labels = next(training.data.train_images.batches([torch.arange(4)])), torch.arange(4)
    steps = SharedSteps(training)
    _, plain = steps.evaluate(images, labels)
    steps.network = Two(training.model).train()
    assert steps.evaluate(images, labels)[1].item() == pytest.approx(1.4 * plain.item(), rel=1e-6)


def test_the_seven_rows_of_table_2_differ_by_their_switches():
    recipes = {row: imagenet_recipe(row) for row in ROWS}
    everything, nothing = recipes[ROWS[0]], recipes["true-labels"]
    assert everything.augmentation == ("random crop", "flip", "colour") and everything.dropout
    assert {name for name, value in everything.weight_decay} == {"convolutions", "dense layers"}
    off = {"augmentation": (), "weight_decay": (), "dropout": 0.0}
    for row, recipe in recipes.items():
        assert replace(recipe, **off, label_corruption=0.0) == nothing
        assert recipe.label_corruption == row.startswith("random")
        assert bool(recipe.weight_decay) == ("weight-decay" in row)
    assert len(set(recipes.values())) == 7
    assert nothing.auxiliary and not imagenet_recipe("true-labels", crop=298).auxiliary
    assert (nothing.processes, nothing.rank_batch, nothing.crop) == (8, 32, 299)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": "gaussian"}, "inputs = 'gaussian', but it should be 'true' on photographs"),
        ({"labels": "two groups"}, "'classes' on photographs"),
        ({"rank_batch": 5}, "rank_batch = 5, .* from 1 to 4, the batch_size"),
        ({"auxiliary": True}, "linear has no such classifier"),
        ({"dataset": "cifar10", "skip_corrupt": True}, "a folder of photographs"),
        ({"dataset": "cifar10", "augmentation": ("colour",)}, "a folder of photographs"),
    ],
)
def test_what_photographs_lack_is_refused(changes, message):
    with pytest.raises(InvalidRecipe, match=message):
        small(**changes)


def test_a_last_batch_of_one_photograph_joins_the_part_before_it():
    from harness.training.ranks import Ranks

    sizes = [len(part) for part, *_ in Ranks().parts(torch.arange(9), 4)]
    assert sizes == [4, 5]
    assert np.isclose(sum(share for _, share, _ in Ranks().parts(torch.arange(9), 4)), 1)
