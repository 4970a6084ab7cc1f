"""The run store: a run is trained once, and no accident loses a finished one."""

import errno
import json
import os
import re
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.runs.run import Run
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.plugin_helpers import FORKS, without_privileges
from harness.tests.training_helpers import runner_in, tiny_recipe

pytestmark = pytest.mark.usefixtures("restored_threads")

RECIPE = tiny_recipe(epochs=5, label_corruption=1.0, redraw="labels each epoch")
PATIENCE = 300


def train(folder: Path, death: str | None, at_the_lock: object) -> None:
    """Run in a process of its own, which dies at a chosen moment."""

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def report(progress):
        with open(folder / "epochs", "a") as log:
            log.write(f"{os.getpid()} {progress.epoch}\n")
        if progress.epoch == 4 and death == "in an epoch":
            die()
        if progress.epoch == 4 and death == "while a checkpoint is written":
            os.replace = die

    class Announced(Store):
        def lock(self, *args):
            if at_the_lock is not None:
                at_the_lock.release()
            return super().lock(*args)

    if death == "before the run is kept":
        Store.keep = die
    Runner(
        Announced(folder), device="cpu", workers=1_000, on_progress=report, checkpoint_seconds=0
    ).run(RECIPE)


def start(folder: Path, death: str | None = None, at_the_lock: object = None):
    process = FORKS.Process(target=train, args=(folder, death, at_the_lock))
    process.start()
    return process


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    """The run of an uninterrupted training."""
    return runner_in(tmp_path_factory.mktemp("runs")).run(RECIPE)


@pytest.fixture
def kept(finished, tmp_path) -> Path:
    """The file of the finished run, in a new store."""
    Store(tmp_path).keep(finished)
    return tmp_path / finished.key / "run.json"


def figures(run: Run) -> dict:
    """A run without its times."""
    values = json.loads(run.to_json())
    for name in ("checksum", "seconds", "finished"):
        values.pop(name)
    values["outcome"]["curve"].pop("seconds")
    return values


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_run_survives_json_to_the_last_bit(finished):
    assert Run.from_json(finished.to_json()) == finished
    curve = replace(finished.outcome.curve, loss=[float("nan"), float("inf"), 0.1, 0.2, 0.3])
    diverged = replace(finished, outcome=replace(finished.outcome, status="diverged", curve=curve))
    again = Run.from_json(diverged.to_json())
    assert again.to_json() == diverged.to_json() and again.diverged
    assert again.train_accuracy != again.train_accuracy, "not NaN"


def test_a_finished_run_is_taken_from_the_store(kept, finished):
    trained = []
    runner = runner_in(kept.parents[1], on_progress=trained.append)
    assert runner.run(RECIPE) == finished
    assert not trained and not runner.notices
    assert runner.store.runs() == [finished] and runner.store.unfinished() == []


def other_digit(text: bytes) -> bytes:
    return re.sub(rb'("test_correct": \d*)(\d)', lambda m: m[1] + b"%d" % (9 - int(m[2])), text)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: b"",
        lambda text: b"\xff" + text,
        other_digit,
        lambda text: replace(Run.from_json(text), key="0" * 16).to_json(),
    ],
    ids=["last byte", "empty", "byte", "digit", "key"],
)
def test_a_damaged_run_is_reported_and_trained_again(damage, kept, finished):
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    assert kept.read_bytes() != whole
    runner = runner_in(kept.parents[1])
    again = runner.run(RECIPE)
    assert figures(again) == figures(finished)
    (notice,) = runner.notices
    assert str(kept) in notice and "damaged" in notice and "trained again" in notice
    assert Run.from_json(kept.read_bytes()) == again, "the store was not repaired"
    assert kept.with_name("run.json.damaged").exists()


def test_two_processes_may_put_a_damaged_run_aside(kept, finished):
    kept.write_bytes(b"")
    runner = runner_in(kept.parents[1])
    # The other process renames the file after this one has read it.
    runner.store.notice = lambda text: kept.exists() and Store(kept.parents[1]).put_aside(kept)
    assert figures(runner.run(RECIPE)) == figures(finished)


@pytest.mark.parametrize("closed", ["folder", "entry", "file"])
def test_a_store_that_may_not_be_read_is_named(finished, closed):
    """A closed store is an error; a closed run of many is reported."""
    notices = []
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is its owner's alone.
        Path(folder).chmod(0o755)
        store = Store(Path(folder) / "runs", notice=notices.append)
        store.keep(finished)
        kept = store.entry(finished.key) / "run.json"
        path = {"folder": store.folder, "entry": kept.parent, "file": kept}[closed]
        path.chmod(0)
        with without_privileges():
            if closed == "folder":
                with pytest.raises(StoreError, match=f"cannot read .* {path}: Permission denied"):
                    store.runs()
            else:
                assert store.runs() == []
                assert notices == [f"the stored run {kept} cannot be read (Permission denied)"]
        path.chmod(0o755)


def test_a_fresh_session_ignores_older_runs(kept, finished):
    os.utime(kept, (1_000, 1_000))
    runner = runner_in(kept.parents[1], fresh_since=2_000)
    again = runner.run(RECIPE)
    assert again != finished and runner.run(RECIPE) == again
    assert figures(again) == figures(finished)


def test_two_processes_that_want_one_run_train_it_once(finished, tmp_path):
    # Both find nothing, and wait at the lock before either trains.
    at_the_lock = FORKS.Semaphore(0)
    with Store(tmp_path).lock(finished.key):
        both = [start(tmp_path, at_the_lock=at_the_lock) for _ in range(2)]
        assert all(at_the_lock.acquire(timeout=PATIENCE) for _ in both)
    for process in both:
        process.join(PATIENCE)
    assert [process.exitcode for process in both] == [0, 0]
    lines = [line.split() for line in (tmp_path / "epochs").read_text().splitlines()]
    assert [epoch for _, epoch in lines] == ["1", "2", "3", "4", "5"]
    assert len({process for process, _ in lines}) == 1
    assert [figures(run) for run in Store(tmp_path).runs()] == [figures(finished)]


@pytest.mark.parametrize(
    ("death", "left"),
    [
        ("in an epoch", ["4", "5"]),
        ("while a checkpoint is written", ["4", "5"]),
        ("before the run is kept", ["5"]),
    ],
)
def test_a_killed_run_resumes_and_ends_the_same(death, left, finished, tmp_path):
    process = start(tmp_path, death)
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL
    resumed = []
    runner = runner_in(tmp_path, on_progress=lambda progress: resumed.append(str(progress.epoch)))
    assert len(runner.store.unfinished()) == 1
    assert figures(runner.run(RECIPE)) == figures(finished)
    assert resumed == left, "not from the last checkpoint"
    assert not runner.notices
    assert not [name for name in files(tmp_path) if name.startswith(".")], "half a file was left"
    assert runner.store.unfinished() == [], "a finished run is listed as interrupted"


def interrupted(folder: Path) -> Path:
    """The checkpoint after ctrl-C in the third epoch."""

    def interrupt(progress):
        if progress.epoch == 3:
            raise KeyboardInterrupt

    runner = runner_in(folder, on_progress=interrupt, checkpoint_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        runner.run(RECIPE)
    (checkpoint,) = runner.store.unfinished()
    return checkpoint


def a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        lambda it: it.write_bytes(it.read_bytes()[:-9]),
        lambda it: it.write_bytes(it.read_bytes()[:-9] + b"!" + it.read_bytes()[-8:]),
        a_folder_in_its_place,
        None,
    ],
)
def test_a_damaged_checkpoint_is_reported_and_an_old_one_ignored(damage, finished, tmp_path):
    path, epochs = interrupted(tmp_path), []
    if damage:
        damage(path)
    else:
        os.utime(path, (1_000, 1_000))
    runner = runner_in(tmp_path, fresh_since=2_000, on_progress=lambda p: epochs.append(p.epoch))
    assert figures(runner.run(RECIPE)) == figures(finished)
    assert epochs == [1, 2, 3, 4, 5]
    assert [str(path) in notice for notice in runner.notices] == ([True] if damage else [])
    assert not path.exists()


def test_a_closed_store_is_an_error_before_anything_trains(tmp_path):
    (tmp_path / "file").write_text("")
    trained = []
    runner = runner_in(tmp_path / "file" / "runs", on_progress=trained.append)
    with pytest.raises(StoreError, match=r"cannot write the run store .*file/runs.*--runs DIR"):
        runner.run(RECIPE)
    assert not trained


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("checkpoint_seconds", [0, 1_000])
def test_a_full_disk_is_an_error_and_loses_no_finished_run(
    call, checkpoint_seconds, kept, finished, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    runner = runner_in(kept.parents[1], checkpoint_seconds=checkpoint_seconds)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StoreError, match=r"cannot write .*No space left.*--runs DIR.*is kept"):
            runner.run(replace(RECIPE, seed=1))
    assert files(kept.parents[1]) <= {"run.json", "lock"}, "half a file was left"
    assert runner.store.runs() == [finished]
    assert runner.run(replace(RECIPE, seed=1)).recipe.seed == 1, "the lock was not freed"
