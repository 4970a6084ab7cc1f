"""Missing trainings of one shape train as one job; each run is kept."""

import json
import threading
from dataclasses import asdict, replace

import pytest

from harness.errors import StoreError
from harness.runs.store import Store
from harness.tests.training_helpers import runner_in, tiny_recipe

pytestmark = pytest.mark.usefixtures("restored_threads")

SIGNS = [
    tiny_recipe(epochs=5, labels="two groups", label_corruption=1.0, label_draw=draw)
    for draw in range(4)
]


def figures(run) -> dict:
    """What a run measured, its floats to six digits."""
    values = asdict(run.outcome)
    values["curve"].pop("seconds")
    return json.loads(json.dumps(values), parse_float=lambda text: round(float(text), 4))


def test_two_recipes_that_share_a_key_are_not_two_replicates(tmp_path, monkeypatch):
    """A bug in the key would count one run several times: its interval would be too narrow."""
    monkeypatch.setattr("harness.runs.trainer.run_key", lambda *facts: "00ff")
    with pytest.raises(StoreError, match=r"one run stands for two recipes.*00ff for .*draw 1"):
        runner_in(tmp_path).runs(SIGNS[:2])


def test_missing_trainings_of_one_shape_train_together(tmp_path):
    runner = runner_in(tmp_path)
    first = runner.run(SIGNS[1])
    assert {progress.together for progress in runner.reports} == {1}
    runner.reports.clear()
    runs = runner.runs([*SIGNS, SIGNS[0]])
    assert [run.recipe for run in runs] == [*SIGNS, SIGNS[0]]
    assert {progress.together for progress in runner.reports} == {3} and len(runner.reports) == 5
    assert "draw 0" not in str(runner.reports[0]) and "and 2 more: epoch 1/5" in str(
        runner.reports[0]
    )
    assert runs[1] == first, "what was there has been trained again"
    assert runs[0].environment["trained_together"] == 3
    assert runner.runs(SIGNS) == runs[:4] and len(runner.reports) == 5
    assert len(runner.store.runs()) == 4 and runner.store.unfinished() == []
    alone = [runner_in(tmp_path / "alone").run(recipe) for recipe in SIGNS]
    assert [figures(run) for run in runs[:4]] == [figures(run) for run in alone]
    assert [run.key for run in runs[:4]] == [run.key for run in alone], "one recipe, one key"


def test_an_interrupted_group_resumes(tmp_path):
    def interrupt(progress):
        if progress.epoch == 3:
            raise KeyboardInterrupt

    stopped = runner_in(tmp_path, checkpoint_seconds=0)
    stopped.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        stopped.runs(SIGNS)
    assert len(stopped.store.unfinished()) == 4
    runner = runner_in(tmp_path)
    lost = stopped.store.unfinished()[0]
    lost.write_bytes(lost.read_bytes()[:-3])
    runs = runner.runs(SIGNS)
    assert [progress.epoch for progress in runner.reports] == [2, 2, 3, 4, 5], "one starts again"
    (notice,) = runner.notices
    assert str(lost) in notice and "its run starts again" in notice
    whole = runner_in(tmp_path / "whole").runs(SIGNS)
    assert [figures(run) for run in runs] == [figures(run) for run in whole]
    assert runner.store.unfinished() == []


def test_a_finished_member_is_kept_at_once(tmp_path):
    """It stops at zero error. A later ctrl-C loses epochs of the others, not its run."""
    quick = [
        replace(it, model="mlp-1x512", stop_at_zero_error=True, epochs=200, learning_rate=0.05)
        for it in SIGNS
    ]
    kept_when_stopped = []

    def interrupt(progress):
        if kept := runner.store.runs():
            kept_when_stopped.extend(kept)
            raise KeyboardInterrupt

    runner = runner_in(tmp_path)
    runner.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        runner.runs(quick)
    assert 0 < len(kept_when_stopped) < 4
    assert all(run.train_accuracy == 1 for run in kept_when_stopped)


def meeting(find, others, after):
    """The store's ``find``, but its call number ``after`` waits for the other runner."""
    looked = []

    def find_and_meet(key, repair=True):
        run = find(key, repair)
        looked.append(key)
        if len(looked) == after:
            others.wait()
        return run

    return find_and_meet


def test_two_runners_with_overlapping_groups_train_each_run_once(tmp_path):
    """They ask in opposite orders: without an order of the locks they would wait for ever."""
    runners = [runner_in(tmp_path) for _ in range(2)]
    both = threading.Barrier(2, timeout=60)
    for runner in runners:
        runner.store.find = meeting(runner.store.find, both, after=3)
    wanted = (SIGNS[:3], SIGNS[:0:-1])
    threads = [
        threading.Thread(target=runner.runs, args=[recipes], daemon=True)
        for runner, recipes in zip(runners, wanted, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert {run.recipe for run in Store(tmp_path).runs()} == set(SIGNS)
    # Five epochs a job: three together and the one that was left, alone.
    together = [progress.together for runner in runners for progress in runner.reports]
    assert sorted(together) == [1] * 5 + [3] * 5


def test_planned_trainings_of_one_shape_join_the_group(tmp_path):
    """Later tests of the session then find it in the store."""
    runner = runner_in(tmp_path)
    other_shape = replace(SIGNS[0], epochs=4)
    (run,) = runner.runs(SIGNS[:1], planned=[*SIGNS, other_shape])
    assert run.environment["trained_together"] == len(SIGNS)
    assert {progress.together for progress in runner.reports} == {len(SIGNS)}
    assert len(runner.store.runs()) == len(SIGNS), "another shape was trained unasked"
    runner.reports.clear()
    assert len(runner.runs(SIGNS, planned=SIGNS)) == len(SIGNS) and not runner.reports
    assert figures(run) == figures(runner_in(tmp_path / "alone").run(SIGNS[0]))


def test_a_plan_may_hold_what_trains_alone(tmp_path):
    """Labels drawn anew have no shape: such a recipe never joins a group."""
    redrawn = replace(SIGNS[0], redraw="labels each epoch", epochs=2)
    runner = runner_in(tmp_path)
    assert len(runner.runs([redrawn], planned=[redrawn, *SIGNS])) == 1
    assert len(runner.runs(SIGNS[:1], planned=[redrawn, *SIGNS])) == 1
