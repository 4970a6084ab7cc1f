"""Evidence: one JSON line a check, or a run behind the checks: recipe, figures, curve; no weights.

An evidence file alone, carried to another machine, is enough to draw the curves.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.errors import StoreError
from harness.runs.run import Run, Solve
from harness.runs.store import Store

Verdict = Literal["supported", "refuted", "inconclusive", "not run"]


class ClaimNotSupported(AssertionError):
    """The measurement refutes the claim, or cannot decide it.

    The only exception that an expected failure may name: a crash is never expected.
    """


class ControlNotRefuted(AssertionError):
    """The check passed on a broken premise: it cannot be trusted to fail."""


RUN_LINE = '{"run": '
"""The start of a line that holds a run behind the checks, and no check."""

Key = tuple[str, str, bool, str, str]
"""Which check it is: claim, name, whether it is a control, tier, custom network."""


@dataclass(frozen=True)
class FigureData:
    """What a check hands to a figure of the report: JSON's own types, a few hundred numbers.

    ``name`` is one of `harness.report.drawings.FIGURES`; the data of all checks with that name,
    also of other tests, processes and sessions, are drawn in one figure.
    """

    name: str
    data: Mapping[str, Any]


@dataclass
class Evidence:
    """One judged check, or one test that ended before it judged ("not run")."""

    claim: str
    check: str
    control: bool
    verdict: Verdict
    values: list[float] = field(default_factory=list)
    unit: str = ""
    interval: list[float] | None = None
    bound: dict[str, Any] = field(default_factory=dict)
    """The kind of the check and its numbers, as in ``{"kind": "at_most", "value": 0.1}``; see
    `harness.evidence.checks`. Empty where the test ended before it judged."""
    published: float | None = None
    source: str = ""
    tier: str = ""
    scale: str = ""
    """"exact", "paper" or "scaled"."""
    seconds: float = 0.0
    """Training time of the runs behind it; where there are none, the test's own time so far."""
    test: str = ""
    runs: list[str] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    expected: bool = True
    """Whether the claim is expected to be supported: False for a control or expected failure."""
    reason: str = ""
    """Why a failure is expected, or what ended the test before it judged."""
    notes: list[str] = field(default_factory=list)
    """What a reader must know of the values: that a run diverged, departs from the paper ..."""
    seed: int = 0
    """The base seed of the session."""
    command: str = ""
    """The shell command that repeats the test."""
    replicated: str = ""
    """What the interval's width is about: images within a run, runs ...; empty for exact values."""
    false_alarm: float | None = None
    """How often the check fails although the claim holds, where that can be stated."""
    resolution: float | None = None
    """The smallest departure that the check refutes in 19 of 20 repetitions, in the measurement's
    unit; see `harness.evidence.checks`."""
    otherwise: float | str | None = None
    """What would be measured if the claim were false, or why there is no such value."""
    slack: float | None = None
    """How far the measurement could move, in its unit, before the test fails; negative where it
    does. For a control and an expected failure: before it is no longer refuted, or is supported."""
    published_where: str = ""
    published_cell: str = ""
    """The cell of a published table that the number is in; see `cell_name`."""
    agreement: str = ""
    """At the paper's size, how the number compares to that of a published table: see
    `tolerances.compared`."""
    when: str = ""
    """When it was judged, ISO 8601."""
    figure: dict[str, Any] | None = None
    """`FigureData` for the report: ``{"name": ..., "data": {...}}``."""
    recorded: str = ""
    """Where and when its runs were recorded, if it was judged from records."""
    network: str = ""
    """The custom network that was examined in place of the paper's (``--arch``)."""

    @property
    def key(self) -> Key:
        """Which check it is, in any session."""
        return self.claim, self.check, self.control, self.tier, self.network

    @property
    def as_it_should(self) -> bool:
        """A control that is refuted, an expected failure that fails, a claim that is supported."""
        if self.verdict == "not run":
            return False
        if self.control:
            return self.verdict == "refuted"
        return (self.verdict == "supported") == self.expected

    def to_line(self) -> str:
        """Strict JSON on one line; what is not finite becomes null."""
        return json.dumps(_finite(asdict(self)), allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> "Evidence":
        """Raises ValueError or TypeError for a line that `to_line` did not write.

        An earlier format had bounds in words, and other names.
        """
        content = json.loads(line)
        if "bound_words" in content:
            content["bound"] = {"kind": "in_words", "words": content.pop("bound_words")}
            content |= {"figure": content.pop("exhibit", None), "slack": content.pop("room", None)}
        return cls(**content)


def last_of_each(records: Iterable[Evidence]) -> dict[Key, Evidence]:
    """By check; of several records of one check the last counts."""
    return {record.key: record for record in records}


def evidence_lines(text: str) -> Iterator[tuple[int, "Evidence | RunRecord | None"]]:
    """The number and the content of each line that is not empty; None for a damaged one."""
    # Not splitlines(), which also breaks at characters that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip("\ufeff \r\t")  # A byte-order mark at the start of each joined file.
        if line:
            kind = RunRecord if line.startswith(RUN_LINE) else Evidence
            try:
                found = kind.from_line(line)
            except (
                ValueError,
                TypeError,
                AttributeError,
                LookupError,
                RecursionError,
                OverflowError,
            ):
                found = None
            yield number, found


def read_evidence(path: Path) -> tuple[list[Evidence], int]:
    """All checks of a file, and the number of damaged lines, which are left out."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = [it for _, it in evidence_lines(text)]
    return [it for it in found if isinstance(it, Evidence)], found.count(None)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


CURVES = ("step", "loss", "online_accuracy", "train_accuracy", "test_accuracy", "learning_rate")
DIGITS = 6
"""Of a curve's values: more than a figure shows."""


@dataclass(frozen=True)
class RunRecord:
    """A training, or the solve of a linear model, as a reader of the report sees it."""

    key: str
    title: str
    recipe: dict[str, Any]
    figures: dict[str, float | None]
    """Final figures by name; accuracies as shares. None where the run diverged."""
    curve: dict[str, list[float | None]] = field(default_factory=dict)
    """Lists of one length, an entry an epoch; empty where there is no curve."""
    seconds: float = 0.0
    device: str = ""
    precision: str = ""
    finished: str = ""
    environment: dict[str, Any] = field(default_factory=dict)

    def to_line(self) -> str:
        """Strict JSON on one line, which no reader takes for a check."""
        return f"{RUN_LINE}{json.dumps(asdict(self), allow_nan=False)}}}"

    @classmethod
    def from_line(cls, line: str) -> "RunRecord":
        """Raises ValueError or TypeError for a line that `to_line` did not write."""
        record = cls(**json.loads(line)["run"])
        if len({len(values) for values in record.curve.values()}) > 1:
            raise ValueError(f"{record.title}: a curve's lists differ in length")
        return record


def stored_runs(folder: Path, records: Iterable[Evidence]) -> list[RunRecord]:
    """The runs that checks name, in that order, as far as the store in ``folder`` has them."""
    store, found = Store(folder), []
    for key in dict.fromkeys(key for record in records for key in record.runs):
        with suppress(StoreError):
            if run := store.find(key, repair=False):
                found.append(run_record(run))
    return found


def run_record(run: Run | Solve) -> RunRecord:
    """A finished training or solve as evidence keeps it."""
    figures, curve = _of_training(run) if isinstance(run, Run) else (_of_solve(run), {})
    return RunRecord(
        key=run.key,
        title=str(run.recipe),
        recipe=json.loads(json.dumps(run.recipe.as_dict())),
        figures={name: _short(value) for name, value in figures.items()},
        curve={name: [_short(value) for value in values] for name, values in curve.items()},
        seconds=round(run.seconds, 2),
        device=run.device,
        precision=run.precision,
        finished=run.finished,
        environment=run.environment,
    )


def _of_training(run: Run) -> tuple[dict[str, float | None], dict[str, list[float | None]]]:
    outcome, drawn, names = run.outcome, vars(run.curve), list(CURVES)
    figures = {
        "train accuracy": run.train_accuracy,
        "test accuracy": run.test_accuracy,
        "epochs": run.curve.epochs,
        "epochs to fit": outcome.epochs_to_fit,
    }
    if run.recipe.score_corrupted_test:
        figures["corrupted test accuracy"] = outcome.corrupted_test_accuracy
    if run.recipe.validation_size:
        figures["validation accuracy"] = outcome.validation_accuracy
        names.append("validation_accuracy")
    if outcome.curve.train_top5:
        figures |= {
            "train accuracy, top-5": outcome.train_top5,
            "test accuracy, top-5": outcome.test_top5,
            "best test accuracy": outcome.best_test_accuracy,
            "best test accuracy, top-5": outcome.best_test_top5,
            "photographs left out": outcome.skipped,
        }
    return figures, {name: drawn[name] for name in names}


def _of_solve(solve: Solve) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for fit in solve.outcome.fits:
        figures[f"test error, {fit.label}"] = fit.test_error
        figures[f"norm, {fit.label}"] = fit.norm
    return figures


def _short(value: float | None) -> float | None:
    """Rounded; None where it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
