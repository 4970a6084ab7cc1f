"""Records are read as they were written; damaged and contradictory ones are refused by name."""

import json
from dataclasses import replace

import pytest

from harness.linear.recipe import KernelRecipe
from harness.runs.records import (
    LARGEST,
    BadRecord,
    Records,
    parse_record,
    path_of,
    read_record,
    to_record,
    where_and_when,
    write_record,
)
from harness.runs.run import sealed
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.training_helpers import tiny_recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    recipe = tiny_recipe(label_corruption=0.5, validation_size=8)
    return Runner(Store(tmp_path_factory.mktemp("store")), "cpu", threads=1).run(recipe)


@pytest.fixture(scope="module")
def solve(tmp_path_factory):
    recipe = KernelRecipe(dataset="digits", gamma=0.05, train_size=50, corruptions=(0.0, 1.0))
    return Runner(Store(tmp_path_factory.mktemp("solves")), "cpu").run(recipe)


def changed(record: bytes, **path_to_value: object) -> bytes:
    """The record with values changed by dotted paths, and a checksum that matches."""
    content = json.loads(record)
    for path, value in path_to_value.items():
        *folders, last = path.split("__")
        place = content
        for folder in folders:
            place = place[folder]
        place[last] = value
    del content["checksum"]
    return sealed(content).encode()


def test_a_record_is_read_as_it_was_written(run, solve, tmp_path):
    for made in (run, solve):
        path = write_record(tmp_path, made)
        back = read_record(path)
        assert path == tmp_path / path_of(made)
        assert back.recipe == made.recipe
        assert back.environment == made.environment
        assert back.outcome.as_dict().keys() == made.outcome.as_dict().keys()
        assert path.stat().st_size < LARGEST
        assert to_record(back) == path.read_bytes()
    assert read_record(tmp_path / path_of(run)).curve.loss == pytest.approx(run.curve.loss, 1e-6)
    records = Records.load(tmp_path)
    assert records.find(run.recipe).key == run.key
    assert records.find(run.recipe, "cuda") is None
    assert records.find(replace(run.recipe, seed=1)) is None
    assert records.by_key[solve.key].outcome.fits == solve.outcome.fits
    assert where_and_when([run, solve]).startswith("recorded on ")
    assert path_of(run) == (
        "digits/mlp-1x16/corrupted-0.5-3-epochs-n-32-batch-size-16-held-out-8.cpu-fp32.json"
    )


def test_runs_on_a_gpu_and_on_a_cpu_are_both_kept(run, tmp_path):
    gpu = {**run.environment, "gpu": "NVIDIA H200"}
    other = replace(run, device="cuda:0", key="0" * 16, environment=gpu)
    for it in (run, other, replace(run, precision="bf16", key="1" * 16)):
        write_record(tmp_path, it)
    records = Records.load(tmp_path)
    assert len(records.by_path) == 3
    found = records.find(run.recipe, prefer="cuda")
    assert (found.key, where_and_when([found])[:24]) == (other.key, "recorded on NVIDIA H200,")
    assert records.find(run.recipe, "cpu", "fp32", prefer="cuda").key == run.key
    assert records.find(run.recipe).precision == "bf16"


def test_different_recipes_have_different_names(run):
    recipes = {
        replace(run.recipe, **{"validation_size": 0, **changes})
        for changes in (
            {},
            {"replaced": 0},
            {"learning_rate": 0.1},
            {"labels": "two groups"},
            {"labels": "two groups", "keep_answers": True},
            {"epochs": 5},
            {"stop_at_zero_error": True, "epochs": 100},
            {"weight_decay": (("weights", 1e-3),)},
        )
    }
    assert len({path_of(replace(run, recipe=recipe)) for recipe in recipes}) == 8


def test_two_records_of_one_recipe_and_device_are_refused(run, tmp_path):
    path = write_record(tmp_path, run)
    path.with_name("copy.json").write_bytes(path.read_bytes())
    with pytest.raises(BadRecord, match=r"copy\.json and .*corrupted.*delete one"):
        Records.load(tmp_path)


NAN = float("nan")
AMOUNT = "should be a finite number from 0 up"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "of schema 2, and this version reads schema 1"),
        ({"kind": "poem"}, "can no longer be read"),
        ({"recipe": {"model": "linear"}}, "its recipe lacks"),
        ({"recipe__model": "mlp-of-1996"}, "can no longer be read"),
        ({"outcome__train_correct": 33}, "train_correct is 33 of 32"),
        ({"outcome__train_total": 64}, "64 training and 1000 test images"),
        ({"outcome__test_correct": 3}, "its last test_accuracy is"),
        ({"outcome__curve__loss": [1.0]}, "loss has 1 entries for 3 epochs"),
        ({"outcome__curve__online_true_corrupted": []}, "online_true_corrupted has 0 entries"),
        ({"outcome__first_losses": []}, "first losses are missing"),
        ({"outcome__epochs_to_fit": 9}, "it fitted after 9 of 3 epochs"),
        ({"outcome__curve__step": [2]}, "its curve has 1 epochs, where its recipe has 3"),
        ({"outcome__curve__step": [2, 6, 4]}, r"its steps are \[2, 6, 4\]"),
        ({"outcome__curve__test_accuracy": [0.1, NAN, 0.5]}, "test_accuracy is no share"),
        ({"outcome__curve__online_accuracy": [0.1, 1.5, 0.5]}, "online_accuracy is no share"),
        ({"outcome__curve__loss": [1.0, -1.0, 1.0]}, f"loss is -1.0, and {AMOUNT}"),
        ({"outcome__status": "well"}, "its status is 'well'"),
        ({"outcome__label_digest": ""}, "its label_digest is ''"),
        ({"seconds": -1}, f"seconds is -1, and {AMOUNT}"),
        ({"finished": "yesterday"}, "can no longer be read"),
        ({"environment__processor": "<script>"}, "its processor is '<script>'"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(run, changes, message):
    with pytest.raises(BadRecord, match=rf"x\.json.* {message}"):
        parse_record(changed(to_record(run), **changes), "x.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outcome__facts__peak_bytes": -5}, f"peak_bytes is -5, and {AMOUNT}"),
        ({"outcome__facts__spectrum_ends": [5, 1]}, "its eigenvalues go from 5 to 1"),
        ({"environment__cpu_seconds": -1}, f"cpu_seconds is -1, and {AMOUNT}"),
        ({"device": "tpu"}, "its device is 'tpu'"),
    ],
)
def test_a_recorded_solve_with_a_value_out_of_range_is_refused(solve, changes, message):
    with pytest.raises(BadRecord, match=rf"x\.json.* {message}"):
        parse_record(changed(to_record(solve), **changes), "x.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_correct": 3}, "its bits differ"),
        ({"train_correct": 51}, "true labels: train is 51 of 50"),
        ({"test_total": 5}, "50 training and 5 test images"),
        ({"norm": -1.0}, "true labels: norm is -1"),
        ({"right": "zz"}, "can no longer be read"),
    ],
)
def test_a_recorded_solve_that_contradicts_itself_is_refused(solve, changes, message):
    fit = replace(solve.outcome.fits[0], **changes)
    fits = (fit, *solve.outcome.fits[1:])
    other = replace(solve, outcome=replace(solve.outcome, fits=fits))
    with pytest.raises(BadRecord, match=message):
        parse_record(to_record(other), "x.json")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:200], "it is not the JSON of a run"),
        (lambda text: b'{"name": "package"}', "it is not the JSON of a run"),
        (lambda text: text.replace(b'"train_correct": ', b'"train_correct": 1'), "it was changed"),
    ],
)
def test_a_file_that_is_no_sound_record_is_refused_by_name(run, damage, message, tmp_path):
    path = tmp_path / "cifar10" / "strange.json"
    path.parent.mkdir()
    path.write_bytes(damage(to_record(run)))
    with pytest.raises(BadRecord, match=rf"strange\.json is no sound record: {message}"):
        Records.load(tmp_path)


def test_a_record_is_small(run, tmp_path):
    long = replace(run, outcome=replace(run.outcome, answers=[0.123456] * 20_000))
    with pytest.raises(BadRecord, match="and may take 100,000"):
        write_record(tmp_path, long)
    assert not list(tmp_path.iterdir())
