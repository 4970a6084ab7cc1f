"""``--budget``: what is whole is judged, what is left is not run, and the next session goes on."""

import json
import time
from dataclasses import replace

import pytest

from harness.files import write_atomically
from harness.plugin.order import lines_of_value
from harness.runs.budget import Budget, OutOfTime
from harness.runs.run import Run
from harness.runs.runner import Runner
from harness.runs.settings import Job
from harness.runs.store import Store
from harness.tests.plugin_helpers import Project
from harness.tests.training_helpers import started, tiny_recipe
from harness.training.checkpoint import packed, state_of
from harness.training.outcome import Curve, Outcome

CLAIMS = """
@pytest.mark.claim("2.1-fit")
@experiments(fast={"mlp-3x512": [tiny(1, epochs=4)], "inception": [tiny(2, epochs=4, crop=6)]})
def test_it(runs, judge):
    judge(accuracy("x", runs.all, "train"), AtMost(1.0, source="none"), otherwise="none")

@pytest.mark.fast
@pytest.mark.claim("4-theorem1")
def test_what_computes(judge):
    judge(share(1.0), ONE)
"""
# Time is up after so many epochs of a session.
EPOCHS = """
import os
from harness.runs.budget import Budget
from harness.runs.trainer import Trainer

seen, report = [], Trainer._report

def noted(self, *rest):
    seen.append(1)
    report(self, *rest)

Trainer._report = noted
Budget.left = property(lambda self: 1e3 if len(seen) < int(os.environ["EPOCHS"]) else 0.0)
"""


def outcomes(folder):
    """What each run came to, but for its seconds, by recipe."""
    found = {}
    for path in folder.glob("*/run.json"):
        run = json.loads(path.read_text())
        run["outcome"]["curve"].pop("seconds")
        found[json.dumps(run["recipe"])] = run["outcome"]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the runs come to without a budget."""
    project = Project(tmp_path_factory.mktemp("whole"), CLAIMS)
    project.run("-k", "test_it")
    return outcomes(project.runs)


def test_a_budget_that_runs_out_goes_on_in_the_next_session_with_the_same_bits(tmp_path, whole):
    project = Project(tmp_path, CLAIMS, EPOCHS)
    first = project.run("--budget", "1000", env={"EPOCHS": "6"})
    assert first.code == 75
    # The more valuable one stands second in the file.
    assert first.outcomes["test_it[fast-inception]"] == "PASSED"
    assert first.text.strip().endswith(
        "budget used up, not run: 1 tests; the same command goes on"
    ), first.text
    (left,) = first.of("test_it[fast-mlp-3x512]")
    assert left.verdict == "not run"
    assert "seed 1 was stopped after epoch 2, with a checkpoint" in left.reason
    assert len(list(project.runs.glob("*/checkpoint.pt"))) == 1

    second = project.run("--budget", "1000", env={"EPOCHS": "2"})
    assert second.code == 0 and set(second.outcomes.values()) == {"PASSED"}, second.text
    assert "budget used up" not in second.text
    assert outcomes(project.runs) == whole and len(whole) == 2


def test_trainings_that_take_turns_stop_together_and_go_on(tmp_path, whole):
    project = Project(tmp_path, CLAIMS, EPOCHS)
    words = ("-k", "test_it", "--budget", "1000", "--at-once", "2")
    first = project.run(*words, env={"EPOCHS": "3"})
    assert first.code == 75 and not outcomes(project.runs), first.text
    assert len(list(project.runs.glob("*/checkpoint.pt"))) == 2
    second = project.run(*words, env={"EPOCHS": "5"})
    assert second.code == 0 and set(second.outcomes.values()) == {"PASSED"}, second.text
    assert outcomes(project.runs) == whole


def test_a_budget_of_zero_judges_what_the_store_has(tmp_path):
    project = Project(tmp_path, CLAIMS)
    project.run("-k", "inception")
    kept = outcomes(project.runs)
    session = project.run("--budget", "0", "-n", "1")
    assert session.code == 75 and outcomes(project.runs) == kept
    assert session.outcomes == {"test_it[fast-inception]": "PASSED"}
    verdicts = {it.test.split("::")[1]: it.verdict for it in session.evidence}
    assert verdicts == {
        "test_it[fast-inception]": "supported",
        "test_it[fast-mlp-3x512]": "not run",
        "test_what_computes": "not run",
    }
    assert "no time was left for what the test computes" in session.text
    assert "budget used up, not run: 2 tests" in session.text.splitlines()[-1]
    assert project.run("--budget", "0", "-k", "computes", "-p", "no:terminal").code == 75


def test_the_order_of_value_names_each_claim_once_with_a_label():
    lines = lines_of_value()
    assert len(set(lines)) == len(lines) and lines[0] == ("2.1-fit", "inception")


RECIPE = tiny_recipe(epochs=10)
OTHER = replace(RECIPE, seed=1)


def run(recipe=RECIPE, seconds=10.0, epochs=10):
    curve = Curve(step=list(range(epochs)), seconds=[seconds / epochs] * epochs)
    outcome = Outcome("finished", curve, 1, 1, 1, 1, [], "", "", None)
    return Run("key", recipe, outcome, "fp32", "cpu", seconds, "", {"processor": "this"})


@pytest.fixture
def budget(monkeypatch, tmp_path):
    """``budget(left, known, others)``: on a processor named "this"."""
    monkeypatch.setattr("harness.runs.budget.describe", lambda: {"processor": "this"})

    def made(left, known=(), others=(), jobs=()):
        until = time.time() + left
        begun = Runner(Store(tmp_path), "cpu").trainer.begun
        return Budget(until, "cpu", list(known), begun, lambda: others, jobs)

    return made


def test_a_forecast_is_the_seconds_of_an_epoch_times_the_epochs_of_known_runs(budget):
    assert budget(9).seconds([RECIPE]) is None
    assert budget(9, [run(OTHER)]).seconds([RECIPE]) == pytest.approx(10)
    other_machine = replace(run(epochs=3), environment={"processor": "that"})
    assert budget(9, [run(OTHER), other_machine]).seconds([RECIPE]) == pytest.approx(3)
    assert budget(9, [other_machine]).seconds([RECIPE]) is None, "another machine's seconds"
    assert budget(9, [run(OTHER)]).seconds([RECIPE, OTHER]) == pytest.approx(20)


def test_what_a_checkpoint_holds_is_not_forecast(budget, tmp_path, restored_threads):
    training = started(RECIPE)
    training.run_epoch()
    training.outcome.curve.seconds = [3.0]
    runner = Runner(Store(tmp_path), "cpu")
    path = runner.store.checkpoint(runner.key(RECIPE))
    write_atomically(path, packed(state_of(training)))
    assert budget(9, [run(OTHER)]).seconds([RECIPE]) == pytest.approx(27)
    path.write_bytes(b"damaged")
    assert budget(9, [run(OTHER)]).seconds([RECIPE]) == pytest.approx(10)


def test_what_would_not_end_in_time_does_not_take_turns(budget):
    beside = Job({"key": RECIPE}, iter(()))
    assert budget(19, [run()], jobs=[beside]).may_join([OTHER]) is False
    assert budget(21, [run()], jobs=[beside]).may_join([OTHER])
    assert budget(19, jobs=[beside]).may_join([OTHER]), "nothing is known of them"


def test_what_overruns_is_not_begun_while_something_else_fits(budget):
    with pytest.raises(OutOfTime, match="no time was left"):
        budget(0).require([RECIPE])
    budget(11, [run()]).require([RECIPE])
    short = replace(RECIPE, epochs=5)
    with pytest.raises(OutOfTime, match=r"need about 10\ss, and 9\ss were left"):
        budget(9, [run()], [[short]]).require([RECIPE])
    budget(9, [run()], [[OTHER], []]).require([RECIPE])


def test_a_training_stops_before_an_epoch_that_would_overrun(budget):
    curve = Curve(step=[1, 2, 3], seconds=[9.0, 2.0, 2.0])
    assert budget(1).why_stop({RECIPE: curve}).endswith("after epoch 3, with a checkpoint")
    assert budget(5).why_stop({RECIPE: curve}) == ""
    assert budget(5).why_stop({RECIPE: curve, OTHER: curve}) == ""
    assert budget(3).why_stop({RECIPE: curve, OTHER: curve}) != "", "an epoch of both"
    two_jobs = [Job({}, iter(()))] * 2
    assert budget(3, jobs=two_jobs).why_stop({RECIPE: curve}) != "", "an epoch of each"
    # After two epochs of this session its own seconds count: 14 s more.
    fresh = budget(12, others=[[OTHER]])
    assert fresh.why_stop({RECIPE: Curve()}) == ""
    assert "needs about 14" in fresh.why_stop({RECIPE: curve})
    alone = budget(12)
    assert alone.why_stop({RECIPE: Curve()}) == alone.why_stop({RECIPE: curve}) == ""
