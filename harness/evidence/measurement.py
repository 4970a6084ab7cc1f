"""What was measured: a name, a value a run, a unit, an interval, and what is replicated."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import HarnessError
from harness.evidence.statistics import Interval, accuracy_interval

if TYPE_CHECKING:
    from harness.runs.run import Run


@dataclass(frozen=True)
class Measurement:
    """Values in the order of the runs; accuracies are shares in [0, 1]."""

    name: str
    values: tuple[float, ...]
    unit: str
    interval: Interval
    replicated: str
    """What the interval's width speaks of: images within a run, runs, or nothing."""
    runs: tuple[str, ...] = ()
    """Keys of the runs behind it."""
    seconds: float = 0.0
    """Training time of these runs."""
    images: int = 0
    """For accuracies: images a run."""
    note: str = ""
    """What a reader must know of these values: that a run diverged, or departs from the paper."""
    diverged: bool = False
    column: str = ""
    """Which column of the paper's tables it is of: train, test, top5_train, test_error ..."""
    fits: tuple[str, ...] = ()
    """Of solves: the fits that were measured, as their outcomes name them; all where empty."""

    def __post_init__(self) -> None:
        """Refuse a measurement of nothing."""
        if not self.values:
            raise HarnessError(f"{self.name}: nothing was measured (no values)")

    @property
    def mean(self) -> float:
        """Mean over the values."""
        return math.fsum(self.values) / len(self.values)

    @property
    def is_finite(self) -> bool:
        """False where a run diverged or never got there."""
        return all(math.isfinite(value) for value in self.values)


NOWHERE: Interval = (math.nan, math.nan)


def accuracy(name: str, runs: Sequence["Run"], part: Literal["train", "test"]) -> Measurement:
    """Final accuracies of runs, in evaluation mode, with `accuracy_interval`."""
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    correct = [getattr(run.outcome, f"{part}_correct") for run in runs]
    total = [getattr(run.outcome, f"{part}_total") for run in runs]
    return Measurement(
        name,
        tuple(getattr(run, f"{part}_accuracy") for run in runs),
        "share",
        NOWHERE if any(run.diverged for run in runs) else accuracy_interval(correct, total),
        "images within a run" if len(runs) == 1 else "runs: seeds, images, label draws",
        *provenance(runs),
        images=min(total),
        column=part,
        **remarks(runs),
    )


def exact(name: str, values: Iterable[float], unit: str, runs: Sequence["Run"] = ()) -> Measurement:
    """Values that carry no chance: counts, equalities, learning rates."""
    values = tuple(float(value) for value in values)
    span = (min(values), max(values)) if values else NOWHERE
    return Measurement(name, values, unit, span, "", *provenance(runs))


def extreme(name: str, value: float, note: str, unit: str = "") -> Measurement:
    """The worst value over the examples of a property test; ``note`` says how many and which."""
    return Measurement(
        name, (float(value),), unit, (value, value), "nothing: the worst of all examples", note=note
    )


def remarks(runs: Sequence["Run"]) -> dict[str, Any]:
    """The ``note`` and ``diverged`` of a measurement on these runs."""
    from harness.models.registry import model_spec

    notes = [
        f"{r.recipe} diverged in epoch {r.curve.epochs}: {r.outcome.not_finite}"
        for r in runs
        if r.diverged
    ]
    notes += [
        f"{r.recipe}: {r.outcome.skipped} photographs did not decode, and were left out"
        for r in runs
        if r.outcome.skipped
    ]
    departures = {model_spec(run.recipe.model).departure for run in runs} - {""}
    departures |= {run.environment.get("not in bf16", "") for run in runs} - {""}
    return {
        "note": "; ".join([*notes, *sorted(departures)]),
        "diverged": any(run.diverged for run in runs),
    }


def provenance(runs: Sequence["Run"]) -> tuple[tuple[str, ...], float]:
    """The ``runs`` and ``seconds`` of a measurement on these runs."""
    return tuple(run.key for run in runs), math.fsum(run.seconds for run in runs)
