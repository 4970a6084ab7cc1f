"""What evidence keeps of the runs behind it: recipe, final figures and curve; no weights.

A line of an evidence file holds a check, or a run that its checks name: so that the file alone,
carried to another machine, is enough to draw the curves.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.evidence.record import RUN_LINE, Evidence
from harness.training.recipe import Recipe

CURVES = ("step", "loss", "online_accuracy", "train_accuracy", "test_accuracy")
DIGITS = 5
"""Of a curve's values: more than a figure shows."""


@dataclass(frozen=True)
class RunRecord:
    """A training, or another stored computation, as a reader of the report sees it."""

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
        lengths = {len(values) for values in run.curve.values()}
        numbers = [value for values in run.curve.values() for value in values]
        sound = isinstance(run.recipe, dict) and isinstance(run.figures, dict) and len(lengths) < 2
        if not sound or not all(value is None or _is_number(value) for value in numbers):
            raise ValueError(f"the run {run.key} is not as it was written")
        return run


def stored_runs(folder: Path, records: Iterable[Evidence]) -> list[RunRecord]:
    """The runs that checks name, as far as the store in ``folder`` still has them, in that order.

    What it no longer has, or has damaged, is left out: the report says so.
    """
    keys = dict.fromkeys(key for record in records for key in record.runs)
    found = (_stored(folder, key) for key in keys)
    return [run for run in found if run is not None]


def _stored(folder: Path, key: str) -> RunRecord | None:
    # The store keeps one document of JSON a folder; run.json is a training's.
    for path in sorted((folder / key).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["key"] == key:
                return _record(content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return None


def _record(content: Mapping[str, Any]) -> RunRecord:
    outcome = content["outcome"]
    drawn = outcome.get("curve", {})
    return RunRecord(
        key=content["key"],
        title=_title(content["recipe"]),
        recipe=content["recipe"],
        figures=_figures(outcome),
        curve={name: [_short(value) for value in drawn[name]] for name in CURVES if name in drawn},
        seconds=round(content.get("seconds", 0.0), 2),
        device=str(content.get("device", "")),
        precision=content.get("precision") or content["recipe"].get("precision") or "",
        finished=content.get("finished", ""),
        environment=content.get("environment", {}),
    )


def _title(recipe: Mapping[str, Any]) -> str:
    try:
        return str(Recipe(**recipe))
    except (TypeError, HarnessError):  # Of another kind of computation: its fields say what it is.
        told = {k: v for k, v in recipe.items() if k != "kind" and v is not None and v != {}}
        entries = ", ".join(f"{k.replace('_', ' ')} {_words(v)}" for k, v in told.items())
        return f"{str(recipe.get('kind', 'run')).removesuffix('Recipe').lower()}: {entries}"


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_words(entry) for entry in value.values())
    if isinstance(value, list | tuple):
        return "/".join(_words(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _figures(outcome: Mapping[str, Any]) -> dict[str, float | None]:
    if "fits" in outcome:  # Solves of linear models: several on one matrix.
        figures = {}
        for fit in outcome["fits"]:
            error = 1 - fit["test_correct"] / fit["test_total"]
            figures[f"test error, {fit['label']}"] = round(error, 6)
        return figures
    diverged = outcome["status"] == "diverged"
    parts = ("train", "test")
    shares = {part: outcome[f"{part}_correct"] / outcome[f"{part}_total"] for part in parts}
    return {
        **{f"{part} accuracy": None if diverged else round(shares[part], 6) for part in parts},
        "epochs": len(outcome["curve"]["step"]),
        "epochs to fit": outcome.get("epochs_to_fit"),
    }


def _short(value: Any) -> float | None:
    if not _is_number(value) or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
