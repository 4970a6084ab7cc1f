"""Capacity profiles: the search, its intervals, its files."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from harness.__main__ import main
from harness.capacity.profile import Search, profile
from harness.report.figures.networks import profiles
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
    for largest, failed, capacity in zip(
        found.memorised, found.failed, (200, 220, 210), strict=True
    ):
        assert largest <= capacity < failed
        assert failed <= 1.05 * largest + 1
    mean, low, high = found.capacity
    assert low < mean < high
    assert 195 < mean <= 220


def test_a_network_that_memorises_all_images_has_no_upper_end():
    found = profile(search(), MadeUp(10_000, 10_000, 10_000))
    assert found.capacity == (pytest.approx(797), pytest.approx(797), math.inf)
    assert [it.n for it in found.over_corruption] == [797] * 5
    some = profile(search(), MadeUp(10_000, 200, 210))
    assert some.capacity[2] == math.inf, "an end of which one is not known"


def test_nothing_memorised_is_zero_and_a_single_seed_has_its_bracket_for_an_interval():
    found = profile(search(), MadeUp(0, 0, 0))
    assert (found.capacity[:2], found.failed, found.over_corruption) == ((0, 0), (2, 2, 2), ())
    found = profile(search(seeds=(0,)), MadeUp(100))
    assert found.capacity[1:] == pytest.approx((found.memorised[0], found.failed[0]))


def test_a_sample_is_trained_on_once():
    made = MadeUp(100, 130, 60)
    assert {64, 128} <= {it.n for it in profile(search(), made).over_n}
    assert made.trained < 60


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
    (largest,), (failed,) = found.memorised, found.failed
    assert largest <= capacity < (failed or 10_001)
    assert not failed or failed <= max(largest + 2, 2)


def test_labels_fitted_after_the_budget_are_not_memorised():
    """An epoch of 797 images takes seven steps, and one epoch at least is trained."""
    laboratory = MadeUp(10_000)
    laboratory.epochs_to_fit = 1
    found = profile(search(steps=3, seeds=(0,)), laboratory)
    assert max(recipe.images for recipe in laboratory.recipes) > 3 * 128
    assert found.memorised[0] <= 3 * 128 < found.failed[0]


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
    assert all(0 <= it <= 64 for it in found["memorised"])
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
        ("profile --arch mlp-1x16 --images 798", "train_size = 798"),
    ],
)
def test_the_command_refuses_before_it_trains(words, message, capsys):
    assert main(words.split()) == 2
    assert message in capsys.readouterr().err


def test_the_figure_leaves_a_gap_where_a_seed_did_not_fit():
    found = profile(search(), MadeUp(200, 220, 210))
    first, second, *rest = found.over_corruption
    second = replace(second, steps=(1, None, 2))
    left, right = profiles([replace(found, over_corruption=(first, second, *rest))]).axes
    drawn = np.asarray(right.lines[0].get_ydata(), float)
    assert np.isnan(drawn).tolist() == [False, True, False, False, False]
    assert left.get_xscale() == left.get_yscale() == "log"


def test_equal_images_of_a_folder_are_reported(tmp_path, capsys):
    for label in "ab":
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (4, 4)).save(tmp_path / "pictures" / label / f"{number}.png")
    words = f"profile --arch mlp-1x16 --dataset {tmp_path}/pictures --image-size 4 --budget 1"
    assert main([*words.split(), "--seeds=1", "--images=2", f"--runs={tmp_path}/runs"]) == 0
    assert "notice: pictures: 7 of its 8 training images equal an" in capsys.readouterr().out
