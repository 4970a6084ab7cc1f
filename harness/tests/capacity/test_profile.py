"""Capacity profiles: the search, its intervals, its files."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from harness.__main__ import main
from harness.capacity.profile import profile
from harness.capacity.profile_search import Search
from harness.errors import CapacityError
from harness.runs.trainer import Trainer
from harness.training.custom import CustomNetwork


class MadeUp:
    """A runner whose network memorises so many labels, by seed, in n steps."""

    def __init__(self, *capacities):
        self.capacities, self.trained, self.recipes = capacities, 0, []
        self.epochs_to_fit = None

    def runs(self, recipes):
        self.trained += len(recipes)
        self.recipes += recipes
        return [self.run(recipe) for recipe in recipes]

    def run(self, recipe):
        fits = recipe.images <= self.capacities[recipe.seed]
        epochs = self.epochs_to_fit or max(1, recipe.images // recipe.steps_per_epoch)
        outcome = SimpleNamespace(epochs_to_fit=epochs if fits else None)
        return SimpleNamespace(
            recipe=recipe,
            outcome=outcome,
            diverged=False,
            seconds=1.0,
            train_accuracy=0.5 + fits / 2,
            test_accuracy=0.1,
        )


def search(batch_size=None, **changes):
    chosen = {"seeds": (0, 1, 2), "resolution": 0.05, **changes}
    return Search(CustomNetwork("mlp-1x16", batch_size=batch_size), "digits", **chosen)


def test_the_search_brackets_what_each_seed_memorises():
    found = profile(search(), MadeUp(200, 220, 210))
    for bracket, capacity in zip(found.brackets, (200, 220, 210), strict=True):
        assert bracket.memorised <= capacity < bracket.failed
        assert bracket.failed <= 1.05 * bracket.memorised + 1
    low, high = found.interval
    assert low < found.memorised < high
    assert 195 < found.memorised <= 220
    assert not found.is_all and not found.is_lower_bound


def test_a_network_that_memorises_all_images_has_no_upper_end():
    found = profile(search(), MadeUp(10_000, 10_000, 10_000))
    assert found.is_all and found.is_lower_bound
    assert found.interval == (pytest.approx(797), None)
    assert found.at == 797
    some = profile(search(), MadeUp(10_000, 200, 210))
    assert some.is_lower_bound and not some.is_all, "a mean of which one is too small"


def test_a_network_that_memorises_nothing_has_a_profile_of_zero():
    found = profile(search(), MadeUp(0, 0, 0))
    assert found.memorised == 0
    assert [bracket.failed for bracket in found.brackets] == [2, 2, 2]
    assert found.over_corruption == ()
    assert json.dumps(found.as_dict(), allow_nan=False)


def test_a_single_seed_has_its_bracket_for_an_interval():
    found = profile(search(seeds=(0,)), MadeUp(100))
    assert found.interval == (found.brackets[0].memorised, found.brackets[0].failed)


def test_a_sample_is_trained_on_once():
    laboratory = MadeUp(100, 130, 60)
    found = profile(search(levels=()), laboratory)
    sizes = {it.n for it in found.over_n}
    assert {64, 128} <= sizes
    assert laboratory.trained < 40


def test_the_budget_is_the_same_number_of_steps_for_every_sample():
    asked = search(steps=600)
    for n in (64, 200, 797):
        recipe = asked.recipe(n, 0)
        assert 600 - recipe.steps_per_epoch < recipe.epochs * recipe.steps_per_epoch <= 600


@pytest.mark.parametrize("batch_size", [2, 3, 7, 9, 63, 128])
@pytest.mark.parametrize("capacity", [1, 5, 130, 700, 10_000])
def test_no_sample_ends_with_a_batch_of_one_image(batch_size, capacity):
    """BatchNorm may not train on it: 129 images in batches of 128 would end the search."""
    laboratory = MadeUp(capacity)
    found = profile(search(batch_size, seeds=(0,), resolution=1e-3), laboratory)
    assert all(recipe.images % batch_size != 1 for recipe in laboratory.recipes)
    (bracket,) = found.brackets
    assert bracket.memorised <= capacity < (bracket.failed or 10_001)
    if bracket.failed:
        assert bracket.failed <= max(bracket.memorised + 2, 2)


def test_labels_fitted_after_the_budget_are_not_memorised():
    """An epoch of 797 images takes seven steps, and one epoch at least is trained."""
    laboratory = MadeUp(10_000)
    laboratory.epochs_to_fit = 1
    (bracket,) = profile(search(steps=3, seeds=(0,)), laboratory).brackets
    assert max(recipe.images for recipe in laboratory.recipes) > 3 * 128
    assert bracket.memorised <= 3 * 128 < bracket.failed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": 0}, "resolution = 0"),
        ({"most": 798}, "images = 798, but it should be from 2 to 797"),
    ],
)
def test_an_invalid_search_is_refused(changes, message):
    with pytest.raises(CapacityError, match=message):
        search(**changes)


@pytest.mark.usefixtures("restored_threads")
def test_the_command_writes_a_table_a_figure_and_json(tmp_path, capsys, monkeypatch):
    words = "profile --arch harness.tests.custom_networks:mlp --arch-option width=32 --arch-lr 0.1"
    words += " --budget 20 --seeds 2 --images 64 --resolution 1"
    out, runs = tmp_path / "out", tmp_path / "runs"
    # A second thread would only wait.
    monkeypatch.setattr("harness.training.backend.available_cores", lambda: 1)
    assert main([*words.split(), "--out", str(out), "--runs", str(runs)]) == 0
    (found,) = json.loads((out / "profile.json").read_text())["profiles"]
    assert found["network"] == "harness.tests.custom_networks:mlp(width=32)"
    assert found["departures"][1] == "learning rate 0.1 (the paper's: 0.01)"
    for bracket in found["brackets"]:
        assert 0 <= bracket["memorised"] <= 64
    printed = capsys.readouterr().out
    assert (out / "profile.md").read_text() in printed
    assert "steps to fit" in printed
    assert (out / "profile.svg").read_text().startswith("<?xml")
    monkeypatch.setattr(Trainer, "make", None)
    assert main([*words.split(), "--runs", str(runs)]) == 0, "every run is in the store"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("profile", "name a network: --arch"),
        ("profile --arch harness.tests.custom_networks:WrongSize", "it should be (4, 10)"),
        ("profile --arch mlp-1x16 --dataset no/such", "there is no such folder"),
        ("profile --arch mlp-1x16 --images 1", "images = 1"),
    ],
)
def test_the_command_refuses_before_it_trains(words, message, capsys):
    assert main(words.split()) == 2
    assert message in capsys.readouterr().err


def test_the_figure_leaves_a_gap_where_a_seed_did_not_fit():
    from harness.report.figures.profile import profiles

    found = profile(search(levels=(0.0, 0.5, 1.0)), MadeUp(200, 220, 210)).as_dict()
    found["time over corruption"][1] |= {"mean": None, "interval": None}
    left, right = profiles([found]).axes
    drawn = np.asarray(right.lines[0].get_ydata(), float)
    assert np.isnan(drawn).tolist() == [False, True, False]
    assert left.get_xscale() == left.get_yscale() == "log"


def test_equal_images_of_a_folder_are_reported(tmp_path, capsys):
    for label in "ab":
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (4, 4)).save(tmp_path / "pictures" / label / f"{number}.png")
    words = f"profile --arch mlp-1x16 --dataset {tmp_path}/pictures --image-size 4 --budget 1"
    assert main([*words.split(), "--seeds=1", "--images=2", f"--runs={tmp_path}/runs"]) == 0
    assert "notice: pictures: 7 of its 8 training images equal an" in capsys.readouterr().out
