"""Trainings that take turns in one process give the runs that they give alone, bit for bit."""

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from filelock import Timeout

from harness.errors import StoreError
from harness.runs.budget import OutOfTime
from harness.runs.store import Store
from harness.tests.training_helpers import (
    EVERYTHING,
    custom_recipe,
    figures,
    runner_in,
    tiny_recipe,
)

pytestmark = pytest.mark.usefixtures("restored_threads")

PLAIN = tiny_recipe(epochs=4)
OTHERS = [
    # Drop-out, crops and labels come from streams of the recipe; of a custom network, from the
    # global ones.
    tiny_recipe(model="alexnet", epochs=2, **EVERYTHING),
    tiny_recipe(redraw="labels each epoch", label_corruption=1.0, seed=1),
    tiny_recipe(redraw="inputs each access", inputs="gaussian"),
    custom_recipe("with_dropout", epochs=3, seed=2),
    custom_recipe("with_dropout", epochs=4, seed=6),
    tiny_recipe(learning_rate=1e30, epochs=4, seed=3),
]
SIGNS = [
    tiny_recipe(epochs=3, labels="two groups", label_corruption=1.0, label_draw=draw)
    for draw in range(3)
]
EVERY = [PLAIN, *OTHERS, *SIGNS]


def outcomes(runner, recipes=EVERY):
    """What the store has of each recipe, without the seconds."""
    return {recipe: figures(runner.store.find(runner.key(recipe)).outcome) for recipe in recipes}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Each recipe's outcome, trained one after the other."""
    runner = runner_in(tmp_path_factory.mktemp("alone"))
    for recipe in EVERY[: -len(SIGNS)]:
        runner.run(recipe)
    runner.runs(SIGNS)
    return outcomes(runner)


@pytest.mark.parametrize("at_once", [2, 3])
def test_trainings_in_turns_give_the_runs_that_they_give_alone(alone, tmp_path, at_once):
    runner = runner_in(tmp_path, at_once=at_once)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    runs = runner.runs([PLAIN], later=[OTHERS[:2], [PLAIN], OTHERS, SIGNS])
    assert [run.recipe for run in runs] == [PLAIN]
    assert 0 < len(runner.jobs) < at_once, "what was begun for later stays begun"
    runner.runs(OTHERS, later=[SIGNS])
    runner.runs(SIGNS)
    assert outcomes(runner) == alone and not runner.jobs
    assert outcomes(runner)[OTHERS[-1]]["status"] == "diverged"
    assert {run.environment["at_once"] for run in runner.store.runs()} == {at_once}
    names = [str(progress.recipe) for progress in runner.reports]
    turns = sum(one != other for one, other in pairwise(names))
    assert turns > len(EVERY), "one after the other"
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    assert before[:2] == after[:2] and before[2].equal(after[2])


def test_an_error_in_what_was_begun_for_later_is_raised_when_it_is_asked_for(tmp_path):
    broken = custom_recipe("RaisesLater", epochs=3)
    runner = runner_in(tmp_path, at_once=2)
    other = replace(PLAIN, seed=5)
    (run,) = runner.runs([PLAIN], later=[[broken], [other]])
    assert run.outcome.status == "finished"
    assert [list(job.recipes.values()) for job in runner.jobs] == [[other]], "or it ended"
    with pytest.raises(Exception, match="no more") as caught:
        runner.runs([broken], later=[[other]])
    assert "in epoch" in caught.value.__notes__[0]
    assert not runner.jobs, "it stopped, with a checkpoint"
    assert figures(runner.run(other).outcome) == figures(
        runner_in(tmp_path / "alone").run(other).outcome
    )


def test_ctrl_c_keeps_the_checkpoints_of_all(tmp_path, alone):
    wanted = [PLAIN, OTHERS[1]]

    def interrupt(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    stopped = runner_in(tmp_path, at_once=2, checkpoint_seconds=0)
    stopped.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        stopped.runs(wanted)
    assert len(stopped.store.unfinished()) == 2
    stopped.jobs[0].turns.close()  # As the end of the process does: it lets go of its lock.
    runner = runner_in(tmp_path, at_once=2)
    runner.runs(wanted)
    assert outcomes(runner, wanted) == {recipe: alone[recipe] for recipe in wanted}


def test_what_is_stopped_has_a_checkpoint_of_its_last_epoch(tmp_path, alone):
    """Time is up for one: the others end their epoch too."""
    runner = runner_in(tmp_path, at_once=2)
    runner.why_stop = lambda curves: (
        "time is up" if PLAIN in curves and curves[PLAIN].epochs == 2 else ""
    )
    with pytest.raises(OutOfTime, match="time is up"):
        runner.runs([PLAIN], later=[[OTHERS[1]]])
    assert len(runner.store.unfinished()) == 2 and not runner.jobs
    again = runner_in(tmp_path)
    for recipe in (PLAIN, OTHERS[1]):
        again.run(recipe)
    assert [progress.epoch for progress in again.reports] == [3, 4, 3]
    assert outcomes(again, [PLAIN, OTHERS[1]]) == {it: alone[it] for it in (PLAIN, OTHERS[1])}


def test_what_another_process_trains_is_not_waited_for(tmp_path):
    """Each could hold what the other waits for."""
    runner = runner_in(tmp_path, at_once=2)
    other = replace(PLAIN, seed=7)
    with Store(tmp_path).lock(runner.key(other)):
        runner.runs([PLAIN], later=[[other]])
        assert not runner.jobs
    runner.run(other)


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_another_process_trains_is_waited_for_last(tmp_path, at_once):
    runner = runner_in(tmp_path, at_once=at_once)
    free, lock = replace(PLAIN, epochs=3), runner.store.lock

    def held_until_the_free_one_is_over(key, name, wait):
        if key == runner.key(PLAIN) and not runner.store.find(runner.key(free)):
            assert not wait, "the free one could be trained meanwhile"
            raise Timeout(key)
        return lock(key, name, wait)

    runner.store.lock = held_until_the_free_one_is_over
    assert [run.recipe for run in runner.runs([PLAIN, free])] == [PLAIN, free]


def test_a_run_that_nobody_makes_is_an_error_and_no_endless_loop(tmp_path, monkeypatch):
    """As if it had been finished by another process, and then deleted."""
    runner = runner_in(tmp_path)
    monkeypatch.setattr(type(runner), "_jobs_for", lambda *its: [])
    with pytest.raises(StoreError, match=rf"{runner.key(PLAIN)} was finished and is gone"):
        runner.runs([PLAIN])


def test_threads_of_a_resumed_training_do_not_reach_the_others(tmp_path):
    """Rounding depends on their number; a checkpoint has that of its first session."""
    first = runner_in(tmp_path, threads=2)
    first.why_stop = lambda curves: "time is up" if max(it.epochs for it in curves.values()) else ""
    with pytest.raises(OutOfTime):
        first.run(PLAIN)
    seen = {}
    runner = runner_in(tmp_path, at_once=2, threads=1)
    runner.on_progress = lambda it: seen.setdefault(it.recipe.seed, set()).add(
        torch.get_num_threads()
    )
    runner.runs([PLAIN, replace(PLAIN, seed=8, epochs=5)])
    assert seen == {0: {2}, 8: {1}}
