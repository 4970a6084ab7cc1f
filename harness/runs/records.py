"""Records: finished runs as data in the repository, found by recipe. Does not import torch.

``fixtures/records/DATASET/MODEL/SETTING.DEVICE-PRECISION.json`` is a training, or the solve of a
linear model: its recipe, its outcome, and where, when, with what and from which commit it was made.
No weights. A file that is not as it was written is refused: nothing is judged with it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import KernelRecipe, SolveRecipe
from harness.models.registry import model_spec
from harness.runs.record_checks import problems
from harness.runs.run import AnyRun, Run, Solve, checksum
from harness.training.outcome import Outcome
from harness.training.recipe import Recipe

RECORDS = Path(__file__).parents[2] / "fixtures" / "records"
SCHEMA = 1
LARGEST = 100_000
"""Bytes of a record at most."""
FIRST_LOSSES = 100
"""Of a training that is longer than its own list of losses; the first are compared anew."""
DIGITS = 7
ANSWER_DIGITS = 4


class BadRecord(HarnessError):
    """A record that is damaged, changed, of another version, or contradicts itself."""


@dataclass(frozen=True)
class Records:
    """All records of a folder, by their paths in it."""

    folder: Path
    by_path: Mapping[str, AnyRun] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = RECORDS) -> "Records":
        """Read every record; raises BadRecord for the first that cannot be judged with."""
        if not folder.is_dir():
            raise BadRecord(f"{folder} is no folder of records")
        paths = sorted(folder.rglob("*.json"))
        found = {path.relative_to(folder).as_posix(): read_record(path) for path in paths}
        known: dict[tuple[object, str, str], str] = {}
        for name, run in found.items():
            other = known.setdefault(identity(run), name)
            if other != name:
                raise BadRecord(
                    f"{folder / other} and {folder / name} record one recipe on one device in one"
                    " precision; delete one of them"
                )
        return cls(folder, found)

    @cached_property
    def by_recipe(self) -> dict[Recipe | SolveRecipe, list[AnyRun]]:
        """The runs of each recipe, in the order of their paths."""
        found: dict[Recipe | SolveRecipe, list[AnyRun]] = {}
        for run in self.by_path.values():
            found.setdefault(run.recipe, []).append(run)
        return found

    @cached_property
    def by_key(self) -> dict[str, AnyRun]:
        """As evidence names them."""
        return {run.key: run for run in self.by_path.values()}

    def find(
        self,
        recipe: Recipe | SolveRecipe,
        device: str = "auto",
        precision: str = "auto",
        prefer: str = "cpu",
    ) -> AnyRun | None:
        """The run of a recipe on a device ("auto", "cpu", "cuda") in a precision, or None.

        Where both are open, one on the kind of device ``prefer``, and of these one in bf16.
        """
        kind = device.partition(":")[0]
        wanted = [
            run
            for run in self.by_recipe.get(recipe, ())
            if kind in ("auto", device_kind(run))
            # A solve's precision is its recipe's.
            and (precision in ("auto", run.precision) or isinstance(run, Solve))
        ]
        wanted.sort(key=lambda run: (device_kind(run) != prefer, run.precision != "bf16"))
        return next(iter(wanted), None)


def device_kind(run: AnyRun) -> str:
    """ "cpu" or "cuda"."""
    return run.device.partition(":")[0]


def identity(run: AnyRun) -> tuple[object, str, str]:
    """What no two records share: recipe, kind of device, precision."""
    return run.recipe, device_kind(run), run.precision


def machine_of(run: AnyRun) -> str:
    """The hardware in words, with the number of threads on a CPU."""
    facts = run.environment
    if device_kind(run) == "cuda":
        return str(facts.get("gpu") or "a GPU")
    threads = facts.get("threads", 1)
    return f"{facts.get('processor', 'a CPU')}, {threads} thread{'s' * (threads != 1)}"


def where_and_when(runs: Iterable[AnyRun]) -> str:
    """The machines, days and commits of runs, in words; empty where there are none."""
    runs = list(runs)
    commits = dict.fromkeys(run.environment.get("commit", "") for run in runs)
    machines = dict.fromkeys(f"{machine_of(run)}, {run.precision}" for run in runs)
    days = sorted({run.finished[:10] for run in runs})
    when = " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))
    made_by = f", commit {', '.join(filter(None, commits))}" * any(commits)
    return f"recorded on {'; '.join(machines)}, {when}{made_by}" if runs else ""


# --- Names -----------------------------------------------------------------------------------


def setting_of(recipe: Recipe) -> str:
    """The setting as `harness.training.protocol.paper_recipe` names it."""
    level = recipe.label_corruption
    parts = [] if recipe.inputs == "true" else [recipe.inputs.replace(" ", "-")]
    if recipe.labels == "two groups":
        parts.append("random-signs" if level == 1 else "two-groups")
    elif level == 1:
        parts.append("random-labels")
    if 0 < level < 1:
        parts.append(f"corrupted-{level:g}")
    return "-".join(parts) or "true-labels"


def path_of(run: AnyRun) -> str:
    """Where a run is recorded, below the folder of all records."""
    where = f"{device_kind(run)}-{run.precision}"
    recipe = run.recipe
    if isinstance(recipe, Recipe):
        name = "-".join([setting_of(recipe), *_departures(recipe)])
        return f"{recipe.dataset}/{recipe.model}/{_plain(name)}.{where}.json"
    if isinstance(recipe, KernelRecipe):
        name = f"{recipe.features.kind}-gamma-{recipe.gamma:g}"
        name += "" if recipe.ridge is None else f"-ridge-{recipe.ridge:g}"
        folder = "gaussian-kernel"
    else:
        name = f"{recipe.source}-{'-'.join(map(str, recipe.filters))}"
        folder = "random-filters"
    for key in ("train_size", "held_out", "seed"):
        if value := getattr(recipe, key):
            name += f"-{key.replace('_', '-')}-{value}"
    return f"{recipe.dataset}/{folder}/{_plain(name)}.{where}.json"


SAID = {
    *("model", "dataset", "labels", "label_corruption", "inputs", "precision"),
    *("evaluation", "score_corrupted_test", "stop_at_zero_error", "epochs"),
}
"""Fields that the rest of a file's name tells, or that change nothing that is trained."""
SHORT = {
    "train_size": "n",
    "label_draw": "draw",
    "validation_size": "held-out",
    "decay": "rate-times",
    "keep_answers": "answers",
}


def _departures(recipe: Recipe) -> Iterator[str]:
    """What tells a recipe apart from others of its setting, for a file's name."""
    if recipe.weight_decay:
        yield "weight-decay"
    for name in recipe.augmentation:
        yield name.replace(" ", "-")
    if not recipe.stop_at_zero_error:
        yield f"{recipe.epochs}-epochs"
    elif recipe.epochs != Recipe.epochs:
        yield f"at-most-{recipe.epochs}-epochs"
    rate = model_spec(recipe.model, recipe.model_options).learning_rate_on(recipe.dataset)
    usual = {field.name: field.default for field in fields(Recipe)} | {"learning_rate": rate}
    for name, value in recipe.as_dict().items():
        if name in SAID or name in ("weight_decay", "augmentation") or value == usual[name]:
            continue
        told = f"-{value:g}" if isinstance(value, int | float) and value is not True else ""
        yield SHORT.get(name, name.replace("_", "-")) + told


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)


# --- Files -----------------------------------------------------------------------------------


def write_record(folder: Path, run: AnyRun) -> Path:
    """Write a run's record and return its path; raises BadRecord where it cannot be one."""
    text = to_record(run)
    if len(text) > LARGEST:
        raise BadRecord(
            f"{run.recipe}: its record would take {len(text):,} bytes, and may take {LARGEST:,}"
        )
    path = folder / path_of(run)
    if path.exists() and identity(read_record(path)) != identity(run):
        raise BadRecord(
            f"{path} records another recipe of that name; give the name of a file what tells them"
            " apart (harness/runs/records.py)"
        )
    parse_record(text, str(path))
    write_atomically(path, text)
    return path


def to_record(run: AnyRun) -> bytes:
    """A run as JSON, numbers to as many digits as are compared again, lists on one line."""
    content = replace(run, outcome=_shortened(run.outcome)).as_dict()
    parts = {name: content.pop(name) for name in ("recipe", "outcome")}
    kind = "training" if isinstance(run, Run) else "solve"
    content = {"schema": SCHEMA, "kind": kind, **content, **parts}
    content = json.loads(json.dumps(content))
    text = json.dumps({"checksum": checksum(content), **content}, indent=1)
    # A list of numbers is a line.
    text = re.sub(r"\[[^\[\]{}\"]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text)
    return f"{text}\n".encode()


def _shortened(outcome: Outcome | SolveOutcome) -> Outcome | SolveOutcome:
    if isinstance(outcome, SolveOutcome):
        return outcome
    curve, losses = outcome.curve, outcome.first_losses
    whole = curve.step and len(losses) == curve.step[-1]
    shorter = {
        name: _digits(values) for name, values in asdict(curve).items() if values and name != "step"
    }
    return replace(
        outcome,
        curve=replace(curve, **shorter),
        first_losses=_digits(losses if whole else losses[:FIRST_LOSSES]),
        answers=_digits(outcome.answers, ANSWER_DIGITS),
    )


def _digits(values: Iterable[Any], digits: int = DIGITS) -> list[Any]:
    return [float(f"{it:.{digits}g}") if isinstance(it, float) else it for it in values]


def read_record(path: Path) -> AnyRun:
    """The run of one file; raises BadRecord with the file's name and what is wrong."""
    try:
        return parse_record(path.read_bytes(), str(path))
    except OSError as error:
        raise BadRecord(f"{path}: the record cannot be read ({error.strerror})") from error


def parse_record(text: bytes, name: str) -> AnyRun:
    """The run that a record's text holds; ``name`` is the file's, for errors."""
    remedy = "take it from the repository again, or record the run anew"
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"{name} is damaged: it is not JSON ({error}); {remedy}") from error
    schema = content.pop("schema", None) if isinstance(content, dict) else None
    if type(schema) is not int or not {"checksum", "kind"} <= content.keys():
        raise BadRecord(f"{name} is no record of a run; take it out of that folder")
    if schema != SCHEMA:
        raise BadRecord(
            f"{name} is of schema {schema}, and this version reads schema {SCHEMA}:"
            f" {'update the suite' if schema > SCHEMA else 'record its run anew'}"
        )
    written = content.pop("checksum")
    if written != checksum({"schema": schema, **content}):
        raise BadRecord(
            f"{name} was changed after it was written (its checksum does not match); {remedy}"
        )
    kind = content.pop("kind")
    try:
        run = _run(kind, content)
        problem = next(problems(run), "")
    except (HarnessError, TypeError, KeyError, AttributeError, ValueError, IndexError) as error:
        raise BadRecord(f"{name}: its {kind} can no longer be read: {error}") from error
    if problem:
        raise BadRecord(f"{name} contradicts itself: {problem}; {remedy}")
    return run


def _run(kind: str, content: dict[str, Any]) -> AnyRun:
    if kind == "training":
        if missing := {field.name for field in fields(Recipe)} - content["recipe"].keys():
            raise HarnessError(f"its recipe lacks {', '.join(sorted(missing))}")
        return Run.from_dict(content)
    return Solve.from_dict(content)
