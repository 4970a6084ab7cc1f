"""What evidence keeps of the runs behind it: recipe, final figures and curve; no weights.

A line of an evidence file holds a check, or a run that its checks name: so that the file alone,
carried to another machine, is enough to draw the curves.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.evidence.record import RUN_LINE, Evidence
from harness.runs.run import DamagedRun, Run, Solve

CURVES = ("step", "loss", "online_accuracy", "train_accuracy", "test_accuracy", "learning_rate")
LARGEST = 1e300
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
        """Raises ValueError or TypeError on anything else than `to_line` wrote."""
        run = cls(**json.loads(line)["run"])
        if not run._is_sound:
            raise ValueError(f"the run {run.key} is not as it was written")
        return run

    @property
    def _is_sound(self) -> bool:
        curve, texts = self.curve, (self.key, self.title, self.device, self.finished)
        tables = (self.recipe, self.figures, self.curve, self.environment)
        if not all(isinstance(it, dict) for it in tables):
            return False
        numbers = [*self.figures.values(), *(it for values in curve.values() for it in values)]
        shares = [self.figures[it] for it in self.figures if it.split(",")[0].endswith("accuracy")]
        return (
            all(isinstance(it, str) for it in texts)
            and is_time(self.finished)
            and len({self.figures.get(f"{it} accuracy") is None for it in ("train", "test")}) == 1
            and all(it is None or (is_number(it) and 0 <= it <= 1) for it in shares)
            and len({len(values) for values in curve.values()}) < 2
            and (not curve or {"step", "loss", "online_accuracy"} <= set(curve))
            and all(it is None or is_number(it) for it in numbers)
            and all(map(is_number, [self.seconds, *curve.get("step", [])]))
        )


def stored_runs(folder: Path, records: Iterable[Evidence]) -> list[RunRecord]:
    """The runs that checks name, as far as the store in ``folder`` still has them, in that order.

    What it no longer has, or has damaged, is left out: the report says so.
    """
    keys = dict.fromkeys(key for record in records for key in record.runs)
    found = (_stored(folder / key) for key in keys)
    return [run for run in found if run is not None]


def _stored(entry: Path) -> RunRecord | None:
    for kind in (Run, Solve):
        try:
            stored = kind.from_json((entry / kind.FILE).read_bytes())
        except (OSError, DamagedRun):
            continue
        if stored.key == entry.name:
            return run_record(stored)
    return None


def run_record(run: Run | Solve) -> RunRecord:
    """A finished training or solve as evidence keeps it."""
    return training_record(run) if isinstance(run, Run) else _solve(run)


def training_record(run: Run) -> RunRecord:
    """A finished training as evidence keeps it."""
    outcome, drawn, names = run.outcome, asdict(run.curve), list(CURVES)
    figures = {
        "train accuracy": _short(run.train_accuracy),
        "test accuracy": _short(run.test_accuracy),
        "epochs": run.curve.epochs,
        "epochs to fit": outcome.epochs_to_fit,
    }
    if run.recipe.score_corrupted_test:
        figures["corrupted test accuracy"] = _short(outcome.corrupted_test_accuracy)
    if run.recipe.validation_size:
        figures["validation accuracy"] = _short(outcome.validation_accuracy)
        names.append("validation_accuracy")
    if outcome.curve.train_top5:
        figures |= {
            "train accuracy, top-5": _short(outcome.train_top5),
            "test accuracy, top-5": _short(outcome.test_top5),
            "best test accuracy": _short(outcome.best_test_accuracy),
            "best test accuracy, top-5": _short(outcome.best_test_top5),
            "photographs left out": outcome.skipped,
        }
    return RunRecord(
        figures=figures,
        curve={name: [_short(value) for value in drawn[name]] for name in names},
        precision=run.precision,
        **_common(run),
    )


def _solve(solve: Solve) -> RunRecord:
    figures: dict[str, float | None] = {}
    for fit in solve.outcome.fits:
        figures[f"test error, {fit.label}"] = _short(fit.test_error)
        figures[f"norm, {fit.label}"] = _short(fit.norm)
    return RunRecord(
        figures=figures, precision=solve.recipe.as_dict().get("precision", ""), **_common(solve)
    )


def _common(run: Run | Solve) -> dict[str, Any]:
    return {
        "key": run.key,
        "title": str(run.recipe),
        "recipe": json.loads(json.dumps(run.recipe.as_dict())),
        "seconds": round(run.seconds, 2),
        "device": run.device,
        "finished": run.finished,
        "environment": run.environment,
    }


def _short(value: Any) -> float | None:
    if not is_number(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def is_number(value: Any) -> bool:
    """A finite one of a float's size: Python also reads NaN, 1e999 and integers of any length."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < LARGEST


def is_time(text: str) -> bool:
    """Whether it is as `harness.environment.now` writes it: in UTC, to the second."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds") == text
    except ValueError:
        return False
