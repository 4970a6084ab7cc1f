"""What was measured: a name, a value a run, a unit, an interval, and what is replicated."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.errors import HarnessError
from harness.evidence.statistics import (
    DESIGN_EFFECT,
    DESIGN_EFFECT_AT_FULL_SIZE,
    DESIGN_EFFECT_OF_LEARNERS,
    SHARED_DRAW,
    Counts,
    Interval,
    accuracy_interval,
    clopper_pearson,
)
from harness.models.registry import model_spec
from harness.runs.run import Run, Solve

NOWHERE: Interval = (math.nan, math.nan)
RUNS = "runs: seeds, images, label draws"
"""What is replicated where there are several."""


@dataclass(frozen=True)
class Measurement:
    """Values in the order of the runs; accuracies are shares in [0, 1]."""

    name: str
    values: tuple[float, ...]
    unit: str
    interval: Interval
    replicated: str
    """What the interval's width is about: images within a run, runs ...; empty for exact values."""
    runs: tuple[str, ...] = ()
    """Keys of the runs behind it."""
    seconds: float = 0.0
    """Training time of these runs."""
    images: int = 0
    """For accuracies: images a run. For a trend: its points."""
    note: str = ""
    """What a reader must know of these values: that a run diverged, or departs from the paper."""
    diverged: bool = False
    column: str = ""
    """Its column in the paper's tables: train, test, top5_train, test_error ..."""
    fits: tuple[str, ...] = ()
    """Of solves: the fits that were measured, as their outcomes name them; all where empty."""
    freedom: float = math.inf
    """Degrees of freedom of an interval of Student's; infinite for any other."""
    design: float = 1.0
    """Variance of one run over that of its images, which is behind its interval; see
    `design_effect`. An interval over several runs has it already."""

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


def measure(
    name: str,
    values: Iterable[float],
    unit: str,
    interval: Interval,
    replicated: str,
    runs: Sequence[Run | Solve],
    **facts: Any,
) -> Measurement:
    """A measurement on runs, with their keys, seconds and what must be known of them.

    Where a training diverged there is no interval.
    """
    seconds = {run.key: run.seconds for run in runs}
    diverged = any(map(_diverged, runs))
    return Measurement(
        name,
        tuple(values),
        unit,
        NOWHERE if diverged else interval,
        replicated,
        runs=tuple(seconds),
        seconds=math.fsum(seconds.values()),
        diverged=diverged,
        **{"note": _note(runs), **facts},
    )


def accuracies(
    name: str,
    runs: Sequence[Run | Solve],
    counts: Sequence[Counts],
    replicated: str = "images within a run",
    **facts: Any,
) -> Measurement:
    """Shares of images, given as counts for each run, with `accuracy_interval`.

    ``replicated`` holds for a single run. NaN for trainings that diverged. Raises HarnessError
    where there are no runs.
    """
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    correct, total = zip(*counts, strict=True)
    return measure(
        name,
        [math.nan if _diverged(run) else c / n for run, (c, n) in zip(runs, counts, strict=True)],
        "share",
        accuracy_interval(correct, total),
        replicated if len(runs) == 1 else RUNS,
        runs,
        images=min(total),
        freedom=len(runs) - 1 if len(runs) > 1 else math.inf,
        **facts,
    )


def accuracy(name: str, runs: Sequence[Run], part: Literal["train", "test"]) -> Measurement:
    """Final accuracies of runs, in evaluation mode, with `accuracy_interval`."""
    counts = [final_counts(run, part) for run in runs]
    design = design_effect(runs) if part == "test" else 1.0
    return accuracies(name, runs, counts, column=part, design=design)


def final_counts(run: Run, part: str, which: str = "correct") -> Counts:
    """Images of a run's training or test set that were answered so, of how many."""
    return getattr(run.outcome, f"{part}_{which}"), getattr(run.outcome, f"{part}_total")


def pooled_accuracy(name: str, runs: Sequence[Run]) -> Measurement:
    """Final test accuracies of different networks on CIFAR-10, with the binomial interval of all.

    Their spread says little where they are two or five. They share a label draw, by which their
    accuracies are correlated (`SHARED_DRAW`): two scatter as independent images would, of five the
    images are counted as fewer.
    """
    measured = accuracy(name, runs, "test")
    design = measured.design * (1 + (len(runs) - 1) * SHARED_DRAW)
    correct, total = (
        round(sum(getattr(run.outcome, f"test_{it}") for run in runs) / max(1.0, design))
        for it in ("correct", "total")
    )
    return replace(
        measured,
        interval=clopper_pearson(correct, total) if measured.is_finite else NOWHERE,
        replicated="images of all networks, which scatter by no more than these",
        design=design,
        freedom=math.inf,
    )


def design_effect(runs: Sequence[Run]) -> float:
    """Variance of one run's test accuracy over draws of labels and weights, over the binomial one.

    On CIFAR-10's 10,000 test images it is below 1: networks that had memorised random labels
    scattered by 0.28 points, where independent images would by 0.30. The larger one where the runs
    differ in kind.
    """
    if not runs:
        return 1.0
    if runs[0].recipe.dataset == "cifar10":
        return DESIGN_EFFECT_AT_FULL_SIZE
    memorised = any(run.recipe.label_corruption == 1 for run in runs)
    return DESIGN_EFFECT if memorised else DESIGN_EFFECT_OF_LEARNERS


def exact(
    name: str,
    values: Iterable[float],
    unit: str,
    runs: Sequence[Run | Solve] = (),
    note: str = "",
) -> Measurement:
    """Values without chance: counts, equalities, learning rates, norms of solutions."""
    values = tuple(float(value) for value in values)
    span = (min(values), max(values)) if values else NOWHERE
    return measure(name, values, unit, span, "", runs, note=note)


def _diverged(run: Run | Solve) -> bool:
    return isinstance(run, Run) and run.diverged


def _note(runs: Sequence[Run | Solve]) -> str:
    trainings = [run for run in runs if isinstance(run, Run)]
    notes = [
        f"{r.recipe} diverged in epoch {r.curve.epochs}: {r.outcome.not_finite}"
        for r in trainings
        if r.diverged
    ]
    notes += [
        f"{r.recipe}: {r.outcome.skipped} photographs did not decode, and were left out"
        for r in trainings
        if r.outcome.skipped
    ]
    departures = {model_spec(run.recipe.model).departure for run in trainings}
    departures |= {run.environment.get("not in bf16", "") for run in trainings}
    return "; ".join([*notes, *sorted(departures - {""})])
