"""What a machine of a cluster does: look around, and work through a job. Knows nothing of Ray."""

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
class Place:
    """Where a plan is worked through: paths that every machine sees, and how it trains."""

    runs: Path
    data_root: Path | None
    device: str = "auto"
    precision: str = "auto"
    fresh_since: float | None = None
    threads: int = 1
    """Of a job on a CPU: as many as it would have without a cluster, for the same rounding."""


@dataclass(frozen=True)
class Told:
    """What a machine has to say: keys in the store, in the order of the recipes, or a problem."""

    keys: list[str] = field(default_factory=list)
    problem: str = ""
    """What the user has to mend; to try again would not help."""
    code: str = ""


def look_around(token: Path, place: Place) -> Told:
    """Whether this machine sees the store and the data, and which code it has."""
    if not token.exists():
        return Told(
            problem=f"it does not see the run store {token.parent}: give --runs a folder that all"
            " machines share"
        )
    if place.data_root is not None and not place.data_root.is_dir():
        return Told(problem=f"it does not see the data folder {place.data_root}")
    return Told(code=code_of_all())


def code_of_all() -> str:
    """What identifies the code that makes runs, on this machine."""
    return code_fingerprint(TRAINING) + code_fingerprint(SOLVING)


def done_there(
    recipes: Sequence[AnyRecipe], place: Place, threads: int, processes: int = 1
) -> Told:
    """Train or solve what is missing, on this machine, with ``threads`` of a CPU.

    A recipe whose batch several processes share gets ``processes`` of them, a GPU each.
    """
    notices: list[str] = []
    try:
        if isinstance(recipes[0], Recipe):
            count = min(processes, recipes[0].processes)
            if count > 1:
                return Told([_train_under_torchrun(recipe, place, count) for recipe in recipes])
        runner = Runner(
            Store(place.runs, place.fresh_since, notices.append),
            place.device,
            place.data_root,
            threads=threads,
            precision=place.precision,
        )
        return Told([run.key for run in runner.runs(recipes)])
    except HarnessError as error:
        return Told(problem=str(error))


def _train_under_torchrun(recipe: Recipe, place: Place, processes: int) -> str:
    """A recipe that takes several processes: as a person would start it. Returns its key."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "recipe.json"
        write_atomically(written, recipe.to_json())
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(processes), "-m", "harness", "train"]
        command += [str(written), "--runs", str(place.runs)]
        command += ["--device", place.device, "--precision", place.precision]
        if place.data_root is not None:
            command += ["--data-root", str(place.data_root)]
        if place.fresh_since is not None:
            command += ["--fresh"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Path(done.stdout.splitlines()[-1]).parent.name
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        if errors:
            raise HarnessError(errors[0].removeprefix("error: "))
        raise RuntimeError(f"torchrun ended with {done.returncode}: {done.stderr[-300:]}")
