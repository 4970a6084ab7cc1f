"""What a machine of a cluster does: check its folders, and make the runs of a job. No Ray here."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.runs.key import SOLVING, TRAINING, code_fingerprint
from harness.runs.run import AnyRecipe
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.training.recipe import Recipe


@dataclass(frozen=True)
class RemoteSettings:
    """How machines of a cluster make runs; all of them see these folders."""

    runs: Path
    data_root: Path | None
    device: str = "auto"
    precision: str = "auto"
    fresh_since: float | None = None
    threads: int = 1
    """Of a job on a CPU: as many as it has without a cluster, so that sums are rounded alike."""


@dataclass(frozen=True)
class JobResult:
    """Keys in the store, in the order of a job's recipes; or what the user has to repair."""

    keys: list[str] = field(default_factory=list)
    problem: str = ""


def code_of_runs() -> str:
    """Hash of the code that makes runs, as it is on this machine."""
    return code_fingerprint(TRAINING) + code_fingerprint(SOLVING)


def problem_here(token: Path, settings: RemoteSettings, code: str) -> str:
    """Why this machine cannot take part, empty if it can; ``token`` is a file in the store."""
    if not token.exists():
        return (
            f"it does not see the run store {token.parent}: give --runs a folder that all machines"
            " share"
        )
    if settings.data_root is not None and not settings.data_root.is_dir():
        return f"it does not see the data folder {settings.data_root}"
    if code != code_of_runs():
        return "it has another version of the training code: install this one there"
    return ""


def do_job(
    recipes: Sequence[AnyRecipe], settings: RemoteSettings, threads: int, processes: int = 1
) -> JobResult:
    """Make the missing runs on this machine, with ``threads`` of a CPU.

    A recipe whose batch several processes share gets ``processes`` of them, a GPU each.
    """
    first = recipes[0]
    count = min(processes, first.processes) if isinstance(first, Recipe) else 1
    notices: list[str] = []
    try:
        if count > 1:
            return JobResult([_train_under_torchrun(it, settings, count) for it in recipes])
        runner = Runner(
            Store(settings.runs, settings.fresh_since, notices.append),
            settings.device,
            settings.data_root,
            threads=threads,
            precision=settings.precision,
        )
        return JobResult([run.key for run in runner.runs(recipes)])
    except HarnessError as error:
        return JobResult(problem=str(error))


def _train_under_torchrun(recipe: Recipe, settings: RemoteSettings, processes: int) -> str:
    """Train a recipe in several processes, by the command that a person would type. Its key."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "recipe.json"
        write_atomically(written, recipe.to_json())
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(processes), "-m", "harness", "train"]
        command += [str(written), "--runs", str(settings.runs)]
        command += ["--device", settings.device, "--precision", settings.precision]
        if settings.data_root is not None:
            command += ["--data-root", str(settings.data_root)]
        if settings.fresh_since is not None:
            command += ["--fresh"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Path(done.stdout.splitlines()[-1]).parent.name
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        if errors:
            raise HarnessError(errors[0].removeprefix("error: "))
        raise RuntimeError(f"torchrun ended with {done.returncode}: {done.stderr[-300:]}")
