"""What was measured: a name, a value a run, a unit, an interval, and what is replicated."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError
from harness.evidence.statistics import Interval, accuracy_interval, t_interval

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
    """What a reader must know of these values: that a run diverged, say."""

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
    diverged = any(run.diverged for run in runs)
    return Measurement(
        name,
        tuple(getattr(run, f"{part}_accuracy") for run in runs),
        "share",
        NOWHERE if diverged else accuracy_interval(correct, total),
        "images within a run" if len(runs) == 1 else "runs: seeds, images, label draws",
        *_provenance(runs),
        images=min(total),
        note=divergence(runs),
    )


def exact(name: str, values: Iterable[float], unit: str, runs: Sequence["Run"] = ()) -> Measurement:
    """Values that carry no chance: counts, equalities, learning rates."""
    values = tuple(float(value) for value in values)
    span = (min(values), max(values)) if values else NOWHERE
    return Measurement(name, values, unit, span, "nothing: exact", *_provenance(runs))


def difference_in_steps(
    name: str, later: Sequence["Run"], earlier: Sequence["Run"], level: float
) -> Measurement:
    """By how many steps ``later`` falls below the loss ``level`` after ``earlier``, pair by pair.

    The curve has one point an epoch: a crossing lies within the epoch that ends at its point, and
    a single pair's interval is as wide as that; with several pairs, Student's interval over them
    where it is wider. A run that never gets there: infinitely late.
    """
    values, lows, highs = [], [], []
    for one, other in zip(later, earlier, strict=True):
        late = one.curve.steps_until_loss_below(level)
        soon = other.curve.steps_until_loss_below(level)
        if late is None or soon is None or one.diverged or other.diverged:
            values.append(math.nan if soon is None else math.inf)
            continue
        values.append(float(late - soon))
        lows.append(late - soon - one.recipe.steps_per_epoch)
        highs.append(late - soon + other.recipe.steps_per_epoch)
    interval: Interval = NOWHERE
    if lows and len(lows) == len(values):
        interval = (math.fsum(lows) / len(lows), math.fsum(highs) / len(highs))
        if len(values) > 1:
            over_runs = t_interval(values)
            interval = (min(interval[0], over_runs[0]), max(interval[1], over_runs[1]))
    replicated = "the epoch of a crossing" if len(values) == 1 else "runs, and the epoch"
    runs = [*later, *earlier]
    return Measurement(
        name,
        tuple(values),
        "steps",
        interval,
        replicated,
        *_provenance(runs),
        note=divergence(runs),
    )


def divergence(runs: Sequence["Run"]) -> str:
    """Which runs diverged, and when; empty if none did."""
    return "; ".join(
        f"{run.recipe} diverged in epoch {run.curve.epochs}" for run in runs if run.diverged
    )


def _provenance(runs: Sequence["Run"]) -> tuple[tuple[str, ...], float]:
    return tuple(run.key for run in runs), math.fsum(run.seconds for run in runs)
