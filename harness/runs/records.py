"""Records: finished runs as data in the repository, found by recipe. Does not import torch.

A file of ``fixtures/records`` holds the recipe and the outcome of a training or a solve, and where,
when, with what and from which commit it was made; no weights. A damaged file is refused. Its path
is DATASET/MODEL/SETTING.DEVICE-PRECISION.json.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import write_atomically
from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import KernelRecipe
from harness.models.registry import model_spec
from harness.runs.record_checks import problems
from harness.runs.run import AnyRecipe, AnyRun, DamagedRun, Run, Solve, sealed, unsealed
from harness.training.outcome import Outcome
from harness.training.recipe import Recipe
from harness.training.recipe_fields import LATER


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
    where = f"{run.device_kind}-{run.precision}"
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


IN_THE_PATH = {
    *("model", "dataset", "labels", "label_corruption", "inputs", "precision"),
    *("evaluation", "score_corrupted_test", "stop_at_zero_error", "epochs"),
    *("weight_decay", "augmentation", "optimizer", "optimizer_options"),
}
"""Fields that the rest of a path gives, or that change nothing that is trained."""
SHORT = {
    "train_size": "n",
    "label_draw": "draw",
    "validation_size": "held-out",
    "decay": "rate-times",
    "keep_answers": "answers",
}


def _departures(recipe: Recipe) -> Iterator[str]:
    """How a recipe differs from others of its setting, for a file's name."""
    if recipe.weight_decay:
        yield "weight-decay"
    if recipe.optimizer:
        yield recipe.optimizer_title
    for name in recipe.augmentation:
        yield name.replace(" ", "-")
    if not recipe.stop_at_zero_error:
        yield f"{recipe.epochs}-epochs"
    elif recipe.epochs != Recipe.epochs:
        yield f"at-most-{recipe.epochs}-epochs"
    rate = model_spec(recipe.model, recipe.model_options).learning_rate_on(recipe.dataset)
    usual = {field.name: field.default for field in fields(Recipe)} | {"learning_rate": rate}
    for name, value in recipe.as_dict().items():
        if name in IN_THE_PATH or value == usual[name]:
            continue
        number = f"-{value:g}" if isinstance(value, int | float) and value is not True else ""
        yield SHORT.get(name, name.replace("_", "-")) + number


def _plain(name: str) -> str:
    """Letters, digits, and what is safe in every file system."""
    return re.sub(r"[^\w.-]+", "-", name)


RECORDS = Path(__file__).parents[2] / "fixtures" / "records"
SCHEMA = 1
LARGEST = 100_000
"""Bytes of a record at most."""
FIRST_LOSSES = 100
"""Losses kept of a longer training: `harness.runs.reproduction` compares the first ones."""
DIGITS, ANSWER_DIGITS = 7, 4
"""Significant digits of a record's numbers, and of its logit margins."""


class BadRecord(HarnessError):
    """A record that is damaged, changed, of another version, or contradicts itself."""


@dataclass(frozen=True)
class Records:
    """All records of a folder, by their paths in it."""

    folder: Path
    by_path: Mapping[str, AnyRun] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = RECORDS) -> "Records":
        """Read every record; raises BadRecord for the first that is damaged."""
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
    def by_recipe(self) -> dict[AnyRecipe, list[AnyRun]]:
        """The runs of each recipe, in the order of their paths."""
        found: dict[AnyRecipe, list[AnyRun]] = {}
        for run in self.by_path.values():
            found.setdefault(run.recipe, []).append(run)
        return found

    @cached_property
    def by_key(self) -> dict[str, AnyRun]:
        """The runs by the key that evidence names."""
        return {run.key: run for run in self.by_path.values()}

    def find(
        self,
        recipe: AnyRecipe,
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
            if kind in ("auto", run.device_kind)
            # A solve's precision is its recipe's.
            and (precision in ("auto", run.precision) or isinstance(run, Solve))
        ]
        wanted.sort(key=lambda run: (run.device_kind != prefer, run.precision != "bf16"))
        return next(iter(wanted), None)


def identity(run: AnyRun) -> tuple[object, str, str]:
    """What no two records share: recipe, kind of device, precision."""
    return run.recipe, run.device_kind, run.precision


def where_and_when(runs: Iterable[AnyRun]) -> str:
    """The machines, days and commits of runs, in words; empty where there are none."""
    runs = list(runs)
    commits = dict.fromkeys(run.environment.get("commit", "") for run in runs)
    machines = dict.fromkeys(f"{run.machine}, {run.precision}" for run in runs)
    days = sorted({run.finished[:10] for run in runs})
    when = " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))
    made_by = f", commit {', '.join(filter(None, commits))}" * any(commits)
    return f"recorded on {'; '.join(machines)}, {when}{made_by}" if runs else ""


def write_record(folder: Path, run: AnyRun) -> Path:
    """Write a run's record and return its path; raises BadRecord where it cannot be one."""
    text, path = to_record(run), folder / path_of(run)
    if len(text) > LARGEST:
        raise BadRecord(
            f"{run.recipe}: its record would take {len(text):,} bytes, and may take {LARGEST:,}"
        )
    if path.exists() and identity(read_record(path)) != identity(run):
        raise BadRecord(
            f"{path} records another recipe of that name; distinguish the two in"
            " harness/runs/records.py"
        )
    parse_record(text, str(path))
    write_atomically(path, text)
    return path


def to_record(run: AnyRun) -> bytes:
    """A run as JSON: numbers are rounded, and a list of numbers takes one line."""
    content = replace(run, outcome=_shortened(run.outcome)).as_dict()
    parts = {name: content.pop(name) for name in ("recipe", "outcome")}
    kind = "training" if isinstance(run, Run) else "solve"
    content = {"schema": SCHEMA, "kind": kind, **content, **parts}
    indented = sealed(content, indent=1)
    # One line for each list of numbers.
    text = re.sub(r"\[[^\[\]{}\"]*\]", lambda found: re.sub(r"\s+", " ", found[0]), indented)
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
    remedy = "take it from the repository again, record the run anew, or remove the file"
    try:
        content = unsealed(text)
    except DamagedRun as error:
        raise BadRecord(f"{name} is no sound record: {error}; {remedy}") from error
    schema, kind = content.pop("schema", None), content.pop("kind", None)
    if schema != SCHEMA:
        raise BadRecord(
            f"{name} is of schema {schema}, and this version reads schema {SCHEMA}: update the"
            " suite, or record the run anew"
        )
    try:
        if kind == "training" and (missing := _FIELDS - content["recipe"].keys()):
            raise HarnessError(f"its recipe lacks {', '.join(sorted(missing))}")
        run = {"training": Run, "solve": Solve}[kind].from_dict(content)
        problem = next(problems(run), "")
    except (HarnessError, TypeError, KeyError, AttributeError, ValueError, IndexError) as error:
        raise BadRecord(f"{name}: its {kind} can no longer be read: {error}") from error
    if problem:
        raise BadRecord(f"{name} contradicts itself: {problem}; {remedy}")
    return run


_FIELDS = {field.name for field in fields(Recipe)} - LATER.keys()
