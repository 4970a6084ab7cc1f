"""Several processes that share one training: torchrun, a killed rank, and each one's part."""

import contextlib
import shutil
import socket
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from harness import __main__ as command_line
from harness.errors import DeviceError, InvalidRecipe
from harness.runs.remote import RemoteSettings, _train_under_torchrun
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.photo_helpers import photo_layout, small
from harness.tests.plugin_helpers import FORKS, as_a_program, clean_environment
from harness.tests.training_helpers import finished, started
from harness.training import inputs
from harness.training import ranks as ranks_module
from harness.training.protocol import paper_recipe
from harness.training.ranks import Ranks, require_gpus
from harness.training.recipe import Recipe

RECIPE = paper_recipe(
    "mlp-1x32", "digits", "random-labels", train_size=250, batch_size=64, precision="fp32"
)
PATIENCE = 300
"""Seconds for three processes to start, where others take the cores."""


# --- A process's part --------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize(("images", "size"), [(64, None), (64, 16), (58, 16), (7, 2), (2, 4)])
def test_the_parts_of_all_processes_are_the_batch(count, images, size):
    batch = torch.arange(images)
    parts = [Ranks(rank, count).parts(batch, size) for rank in range(count)]
    counted = [(part, share, k) for own in parts for part, share, k in own if share]
    counted.sort(key=lambda it: it[2])
    assert torch.cat([part for part, _, _ in counted]).tolist() == batch.tolist()
    assert sum(share for _, share, _ in counted) == pytest.approx(1)
    assert all(parts), "each takes a step, also where nothing is left for it"
    assert all(len(part) > 1 for part, share, _ in counted)


def test_parts_of_a_batch_train_as_the_batch_without_batch_norm():
    whole = finished(started(replace(RECIPE, epochs=3)))
    parts = finished(started(replace(RECIPE, epochs=3, rank_batch=16)))
    assert parts.curve.loss == pytest.approx(whole.curve.loss, rel=1e-5)
    assert parts.outcome.train_correct == whole.outcome.train_correct


@pytest.mark.parametrize(
    ("recipe", "count", "message"),
    [
        (replace(RECIPE, dropout=0.5), 2, r"\(dropout\): .* as in rank_batch=32"),
        (paper_recipe("inception", "digits", "true-labels"), 4, r"BatchNorm.* rank_batch=32"),
        (replace(RECIPE, rank_batch=32), 4, "has 2 parts of rank_batch = 32, .* 4 processes"),
        (
            replace(RECIPE, inputs="gaussian", redraw="inputs each access"),
            2,
            "train it in one process",
        ),
    ],
)
def test_a_recipe_that_the_processes_cannot_share_is_refused(recipe, count, message):
    with pytest.raises(InvalidRecipe, match=message):
        started(recipe, ranks=Ranks(0, count))


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DeviceError, match=r"8 processes .* has 2 GPUs; use --nproc-per-node 2"):
        require_gpus("cuda")
    require_gpus("cpu")


@dataclass(frozen=True)
class SecondRank(Ranks):
    """A second process, which receives these broadcasts of rank 0."""

    broadcasts: tuple[bytes, ...] = ()

    def broadcast(self, content: bytes) -> bytes:
        assert content == b""
        received, *left = self.broadcasts
        object.__setattr__(self, "broadcasts", tuple(left))
        return received

    def wrap(self, model):
        return model

    def all_reduce(self, values):
        return values

    def average_buffers(self, model):
        pass


def test_too_many_processes_are_refused_before_photographs_are_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "corrupt_photographs", lambda *given: pytest.fail("decoded"))
    root = photo_layout(tmp_path / "photographs")
    runner = Runner(Store(tmp_path / "runs"), device="cpu", data_root=root)
    with pytest.raises(InvalidRecipe, match=r"has 2 parts of rank_batch = 2, .* 4 processes"):
        runner.run_with(SecondRank(1, 4, broadcasts=(b"",)), small(rank_batch=2))


def test_rank_0_alone_writes(tmp_path):
    recipe = replace(RECIPE, epochs=2)
    first = Runner(Store(tmp_path / "first"), device="cpu").run(recipe)
    other = Runner(Store(tmp_path / "other"), device="cpu", checkpoint_seconds=0)
    second = SecondRank(1, 2, broadcasts=(b"", b"", first.to_json()))
    assert other.run_with(second, recipe) == first and second.broadcasts == ()
    assert not (tmp_path / "other").exists()


# --- torchrun ----------------------------------------------------------------------------------


@contextlib.contextmanager
def two_ranks(folder, *words):
    """Two processes that train by this command, started as torchrun starts them.

    Gives the processes, and a function for what each has printed.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    shared |= {"LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none", "OMP_NUM_THREADS": "1"}
    files = [folder / f"rank-{rank}.txt" for rank in range(2)]
    ranks = []
    for rank, file in enumerate(files):
        env = clean_environment(folder) | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        command = ["train", *words, "--runs", str(folder / "runs"), "--device", "cpu"]
        given = (command_line.main, folder, command, env, file)
        ranks.append(FORKS.Process(target=as_a_program, args=given))
        ranks[-1].start()
    try:
        yield ranks, lambda: [file.read_text() for file in files]
    finally:
        for rank in ranks:
            rank.kill()


def test_a_killed_rank_ends_the_job_and_the_run_resumes_from_its_checkpoint(tmp_path, monkeypatch):
    """Two processes with gloo, then one: the curve is that of one process alone; at the end two."""
    written, runs = tmp_path / "recipe.json", tmp_path / "runs"
    recipe = replace(RECIPE, epochs=400, evaluation="at the end")
    written.write_bytes(recipe.to_json())
    with two_ranks(tmp_path, str(written), "--checkpoint-seconds", "0.1") as (ranks, said):
        until = time.monotonic() + PATIENCE
        while not list(runs.glob("*/checkpoint.pt")):
            assert all(rank.is_alive() for rank in ranks), said()
            assert time.monotonic() < until, "no checkpoint"
            time.sleep(0.05)
        ranks[1].kill()
        ranks[0].join(PATIENCE)
        assert ranks[0].exitcode not in (0, None), "it trains on without its other half"
    assert not list(runs.glob("*/run.json"))
    shown, last = [], recipe.epochs - 3

    def watch(progress):
        shown.append(progress.epoch)
        if progress.epoch == last:
            runner.checkpoint_seconds = 0
        if progress.epoch == last + 1 and not again.exists():
            raise KeyboardInterrupt

    again = tmp_path / "again"
    runner = Runner(Store(runs), device="cpu", on_progress=watch)
    with pytest.raises(KeyboardInterrupt):
        runner.run(recipe)
    shutil.copytree(runs, again)
    resumed = runner.run(recipe)
    assert shown[0] > 1, "it began anew"
    epochs = shown[0] - 1
    alone = finished(started(replace(recipe, epochs=epochs))).outcome
    assert resumed.curve.loss[:epochs] == pytest.approx(alone.curve.loss, rel=1e-4)
    assert resumed.outcome.order_digest == alone.order_digest
    assert resumed.outcome.label_digest == alone.label_digest
    assert resumed.train_accuracy == 1
    # The last epochs as a machine of a cluster has them trained, in as many processes.
    root = str(Path(ranks_module.__file__).parents[2])
    for name, value in (clean_environment(tmp_path) | {"PYTHONPATH": root}).items():
        monkeypatch.setenv(name, value)
    key = _train_under_torchrun(recipe, RemoteSettings(again, None, "cpu"), 2)
    shared = Store(again).find(key)
    assert shared.environment["ranks"] == 2 and shared.key == resumed.key
    assert shared.curve.seconds[:last] == resumed.curve.seconds[:last], "it began anew"
    assert shared.curve.loss[last:] == pytest.approx(resumed.curve.loss[last:], rel=1e-4)


def test_an_error_of_all_ranks_is_printed_once_without_a_progress_bar(tmp_path):
    recipe = "mlp-1x16/cifar10/random-labels"
    with two_ranks(tmp_path, recipe, "--data-root", str(tmp_path)) as (ranks, said):
        ranks[0].join(PATIENCE)
        ranks[1].kill()  # As torchrun does, within a tenth of a second.
    text = "".join(said())
    assert ranks[0].exitcode == 2
    assert text.count("error: ") == 1, text
    assert "epoch 0/" not in text


def test_an_error_of_one_rank_is_printed(monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(command_line.time, "sleep", waits.append)
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert command_line.main(["train", "no-such-recipe"]) == 2
    assert waits == [], "a variable that some shell of a cluster sets"
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    assert command_line.main(["train", "no-such-recipe"]) == 2
    assert waits == [command_line.RANKS_WAIT]
    assert "error: " in capsys.readouterr().err


def test_a_recipe_survives_a_file(tmp_path):
    path = tmp_path / "recipe.json"
    recipe = replace(RECIPE, weight_decay=(("weights", 1e-4),), rank_batch=8)
    path.write_bytes(recipe.to_json())
    assert Recipe.from_json(path) == recipe
    for text in ("{", '{"modle": "linear"}', "[]"):
        path.write_text(text)
        with pytest.raises(InvalidRecipe, match=r"recipe\.json holds no recipe"):
            Recipe.from_json(path)
