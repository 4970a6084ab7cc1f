"""The laboratory trains what is missing and of one shape as one job, and keeps each run."""

import json
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("restored_threads")

SIGNS = [
    Recipe(
        model="mlp-1x16",
        dataset="digits",
        train_size=32,
        batch_size=16,
        epochs=5,
        labels="two groups",
        label_corruption=1.0,
        label_draw=draw,
        precision="fp32",
    )
    for draw in range(4)
]


def laboratory(folder: Path, **options: object) -> Runner:
    """One thread; what it says is kept in ``told`` and ``notices``."""
    told, notices = [], []
    store = Store(folder, options.pop("fresh_since", None), notices.append)
    made = Runner(store, device="cpu", workers=1_000, on_progress=told.append, **options)
    made.told, made.notices = told, notices
    return made


def figures(run) -> dict:
    """What a run measured, its floats to six digits."""
    values = asdict(run.outcome)
    values["curve"].pop("seconds")
    return json.loads(json.dumps(values), parse_float=lambda text: round(float(text), 4))


def test_two_recipes_that_share_a_key_are_not_two_replicates(tmp_path, monkeypatch):
    """A slip in the key would have one run judged as many, with an interval far too narrow."""
    monkeypatch.setattr("harness.runs.training_job.run_key", lambda *facts: "00ff")
    with pytest.raises(StoreError, match=r"one run stands for two recipes.*00ff for .*draw 1"):
        laboratory(tmp_path).runs(SIGNS[:2])


def test_what_is_missing_trains_together_and_each_run_is_kept(tmp_path):
    lab = laboratory(tmp_path)
    first = lab.run(SIGNS[1])
    assert {progress.together for progress in lab.told} == {1}
    lab.told.clear()
    runs = lab.runs([*SIGNS, SIGNS[0]])
    assert [run.recipe for run in runs] == [*SIGNS, SIGNS[0]]
    assert {progress.together for progress in lab.told} == {3} and len(lab.told) == 5
    assert "draw 0" not in str(lab.told[0]) and "and 2 more: epoch 1/5" in str(lab.told[0])
    assert runs[1] == first, "what was there has been trained again"
    assert runs[0].environment["trained_together"] == 3
    assert lab.runs(SIGNS) == runs[:4] and len(lab.told) == 5
    assert len(lab.store.runs()) == 4 and lab.store.unfinished() == []
    alone = [laboratory(tmp_path / "alone").run(recipe) for recipe in SIGNS]
    assert [figures(run) for run in runs[:4]] == [figures(run) for run in alone]
    assert [run.key for run in runs[:4]] == [run.key for run in alone], "one recipe, one key"


def test_an_interrupted_job_goes_on_where_it_stood(tmp_path):
    def interrupt(progress):
        if progress.epoch == 3:
            raise KeyboardInterrupt

    stopped = laboratory(tmp_path, checkpoint_seconds=0)
    stopped.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        stopped.runs(SIGNS)
    assert len(stopped.store.unfinished()) == 4
    lab = laboratory(tmp_path)
    lost = stopped.store.unfinished()[0]
    lost.write_bytes(lost.read_bytes()[:-3])
    runs = lab.runs(SIGNS)
    assert [progress.epoch for progress in lab.told] == [2, 2, 3, 4, 5], "one starts again"
    (notice,) = lab.notices
    assert str(lost) in notice and "its run starts again" in notice
    whole = laboratory(tmp_path / "whole").runs(SIGNS)
    assert [figures(run) for run in runs] == [figures(run) for run in whole]
    assert lab.store.unfinished() == []


def test_a_member_that_is_over_is_kept_at_once(tmp_path):
    """It stops at zero error; ctrl-C afterwards costs the others' epochs, not its run."""
    quick = [
        replace(it, model="mlp-1x512", stop_at_zero_error=True, epochs=200, learning_rate=0.05)
        for it in SIGNS
    ]
    kept_when_stopped = []

    def interrupt(progress):
        if kept := lab.store.runs():
            kept_when_stopped.extend(kept)
            raise KeyboardInterrupt

    lab = laboratory(tmp_path)
    lab.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        lab.runs(quick)
    assert 0 < len(kept_when_stopped) < 4
    assert all(run.train_accuracy == 1 for run in kept_when_stopped)


def test_a_damaged_run_is_trained_again_with_the_others(tmp_path):
    lab = laboratory(tmp_path)
    run = lab.run(SIGNS[2])
    (tmp_path / run.key / "run.json").write_bytes(b"{}")
    runs = lab.runs(SIGNS)
    assert figures(runs[2]) == figures(run)
    assert len(lab.notices) == 1 and "damaged" in lab.notices[0]


def meeting(find, others, after):
    """A store's find that waits for the others once it has looked that often in vain."""
    looked = []

    def find_and_meet(key, repair=True):
        run = find(key, repair)
        looked.append(key)
        if len(looked) == after:
            others.wait()
        return run

    return find_and_meet


def test_two_that_want_overlapping_jobs_train_each_run_once(tmp_path):
    """In opposite orders: locks taken as they come would hold each other up for ever."""
    labs = [laboratory(tmp_path) for _ in range(2)]
    both = threading.Barrier(2, timeout=60)
    for lab in labs:
        lab.store.find = meeting(lab.store.find, both, after=3)
    wanted = (SIGNS[:3], SIGNS[:0:-1])
    threads = [
        threading.Thread(target=lab.runs, args=[recipes], daemon=True)
        for lab, recipes in zip(labs, wanted, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert {run.recipe for run in Store(tmp_path).runs()} == set(SIGNS)
    # Five epochs a job: three together and the one that was left, alone.
    told = [progress.together for lab in labs for progress in lab.told]
    assert sorted(told) == [1] * 5 + [3] * 5


def test_what_is_planned_and_of_one_shape_trains_along(tmp_path):
    """A session's other tests ask for it later: it is in the store by then."""
    lab = laboratory(tmp_path)
    other_shape = replace(SIGNS[0], epochs=4)
    (run,) = lab.runs(SIGNS[:1], planned=[*SIGNS, other_shape])
    assert run.environment["trained_together"] == len(SIGNS)
    assert {progress.together for progress in lab.told} == {len(SIGNS)}
    assert len(lab.store.runs()) == len(SIGNS), "another shape was trained unasked"
    lab.told.clear()
    assert len(lab.runs(SIGNS, planned=SIGNS)) == len(SIGNS) and not lab.told
    assert figures(run) == figures(laboratory(tmp_path / "alone").run(SIGNS[0]))


def test_nothing_is_trained_along_where_nothing_is_missing(tmp_path):
    lab = laboratory(tmp_path)
    lab.run(SIGNS[0])
    lab.runs(SIGNS[:1], planned=SIGNS)
    assert len(lab.store.runs()) == 1


def test_what_trains_alone_may_stand_in_the_plan(tmp_path):
    """The shape of labels drawn anew would be a recipe that cannot be."""
    redrawn = replace(SIGNS[0], redraw="labels each epoch", epochs=2)
    lab = laboratory(tmp_path)
    assert len(lab.runs([redrawn], planned=[redrawn, *SIGNS])) == 1
    assert len(lab.runs(SIGNS[:1], planned=[redrawn, *SIGNS])) == 1
