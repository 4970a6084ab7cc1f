"""Evidence carries its runs: recipe, figures and curve, from whatever the store keeps."""

import math
from dataclasses import replace

from harness.evidence.record import RunRecord, stored_runs
from harness.linear.outcome import Fit, SolveOutcome
from harness.linear.recipe import KernelRecipe
from harness.runs.run import Solve
from harness.runs.store import Store
from harness.tests.evidence_helpers import trained
from harness.tests.report_helpers import record
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

RECIPE = paper_recipe("mlp-1x512", "digits", "random-labels", train_size=256)


def stored(folder, key="00ff"):
    """A finished training of two epochs in a store; returns the run."""
    finished = trained(
        recipe=RECIPE,
        key=key,
        seconds=0.2,
        loss=[2.302585, math.nan],
        online_accuracy=[0.1, 0.5],
        train_accuracy=[None, 0.75],
        test_accuracy=[None, 0.25],
        learning_rate=[0.01, 0.01],
        **{"train_correct": 192, "test_correct": 1, "test_total": 4},
    )
    Store(folder).keep(finished)
    return finished


def named(*keys):
    return [record(runs=list(keys))]


def test_a_training_comes_from_the_store_with_its_curve_and_without_weights(tmp_path):
    stored(tmp_path)
    (found,) = stored_runs(tmp_path, named("00ff", "00ff"))
    assert (found.key, found.title, Recipe(**found.recipe)) == ("00ff", str(RECIPE), RECIPE)
    assert found.figures == {
        "train accuracy": 0.75,
        "test accuracy": 0.25,
        "epochs": 2,
        "epochs to fit": None,
    }
    assert found.curve == {
        "step": [2, 4],
        "loss": [2.30259, None],
        "online_accuracy": [0.1, 0.5],
        "train_accuracy": [None, 0.75],
        "test_accuracy": [None, 0.25],
        "learning_rate": [0.01, 0.01],
    }
    assert (found.device, found.precision, found.seconds) == ("cpu", "fp32", 0.2)
    assert RunRecord.from_line(found.to_line()) == found


def test_runs_that_the_store_lacks_or_that_are_damaged_are_left_out(tmp_path):
    stored(tmp_path)
    stored(tmp_path, "0aaa")
    (tmp_path / "0aaa" / "run.json").write_text("{")
    stored(tmp_path, "0bbb")
    (tmp_path / "0bbb" / "run.json").rename(tmp_path / "0bbb" / "run.json.damaged")
    (tmp_path / "00ff").rename(tmp_path / "0ccc")
    stored(tmp_path)
    found = stored_runs(tmp_path, named("gone", "0aaa", "00ff", "0bbb", "0ccc"))
    assert [it.key for it in found] == ["00ff"]
    assert stored_runs(tmp_path / "nowhere", named("00ff")) == []


def test_a_diverged_training_has_no_accuracies(tmp_path):
    run = stored(tmp_path)
    Store(tmp_path).keep(replace(run, outcome=replace(run.outcome, status="diverged")))
    (found,) = stored_runs(tmp_path, named("00ff"))
    assert found.figures["train accuracy"] is found.figures["test accuracy"] is None


def test_a_solve_has_its_errors_and_norms(tmp_path):
    recipe = KernelRecipe(dataset="mnist", gamma=0.02)
    fit = Fit("true labels", 10, 10, 988, 1000, "f" * 250, norm=145.25, worst_error=1e-9)
    solve = Solve(
        "cafe", recipe, SolveOutcome((fit,), {}), "fp32", "cpu", 3.0, "2026-01-02T03:04:05", {}
    )
    Store(tmp_path).keep(solve)
    (found,) = stored_runs(tmp_path, named("cafe"))
    assert found.title == str(recipe)
    assert found.figures == {"test error, true labels": 0.012, "norm, true labels": 145.25}
    assert (found.curve, found.precision, found.seconds) == ({}, "fp32", 3.0)
    assert RunRecord.from_line(found.to_line()) == found
