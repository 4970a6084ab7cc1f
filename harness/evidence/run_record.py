"""What evidence keeps of the runs behind it: recipe, final figures and curve; no weights.

A line of an evidence file holds a check, or a run that its checks name. The file alone, carried to
another machine, is thus enough to draw the curves.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.evidence.record import RUN_LINE, Evidence
from harness.runs.run import DamagedRun, Run, Solve

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
    outcome, drawn, names = run.outcome, asdict(run.curve), list(CURVES)
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
