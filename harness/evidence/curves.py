"""Measurements on training curves: when a descent starts, and how long it takes.

A crossing is where the loss, averaged over an epoch's steps, falls below a level. It is known to a
step in short runs, between two in proportion, and to an epoch in long ones (Figure 1a has one point
an epoch): a single run's interval is as wide as that, and says nothing of other seeds; with several
runs it is Student's where that is wider.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evidence.measurement import NOWHERE, Measurement, provenance, remarks
from harness.evidence.statistics import Interval, t_interval
from harness.runs.pairs import paired

if TYPE_CHECKING:
    from harness.runs.run import Run

RANDOMISED = ("label_corruption", "inputs")
"""What the settings of Figure 1a differ in."""


def difference_in_steps(
    name: str, later: Sequence["Run"], earlier: Sequence["Run"], level: float
) -> Measurement:
    """By how many steps ``later`` falls below the loss ``level`` after ``earlier``, pair by pair.

    A run that never gets there is infinitely late; without an ``earlier`` there is no difference.
    Raises HarnessError for pairs that differ in more than their labels and inputs.
    """
    values, widths = [], []
    for one, other in paired(name, later, earlier, varied=RANDOMISED):
        late, soon = _crossing(one, level), _crossing(other, level)
        if late is None or soon is None:
            values.append(math.nan if soon is None else math.inf)
            continue
        values.append(float(late[0] - soon[0]))
        widths.append(max(late[1], soon[1]))
    return _measurement(name, values, widths, "steps", [*later, *earlier])


def epochs_of_descent(name: str, runs: Sequence["Run"], start: float, end: float) -> Measurement:
    """Epochs from the loss ``start`` to the loss ``end``; infinity where it never gets there."""
    values, widths = [], []
    for run in runs:
        first, last = _crossing(run, start), _crossing(run, end)
        if first is None or last is None:
            values.append(math.inf)
            continue
        epoch = run.recipe.steps_per_epoch
        values.append((last[0] - first[0]) / epoch)
        widths.append(max(first[1], last[1]) / epoch)
    return _measurement(name, values, widths, "epochs", runs)


def _crossing(run: "Run", level: float) -> tuple[float, int] | None:
    """The step and the resolution with which it is known."""
    if run.diverged:
        return None
    return run.outcome.steps_until_loss_below(level, run.recipe.steps_per_epoch)


def _measurement(
    name: str, values: list[float], widths: list[float], unit: str, runs: Sequence["Run"]
) -> Measurement:
    interval: Interval = NOWHERE
    if values and len(widths) == len(values):
        mean, width = math.fsum(values) / len(values), math.fsum(widths) / len(widths)
        interval = (mean - width, mean + width)
        if len(values) > 1:
            over_runs = t_interval(values)
            interval = (min(interval[0], over_runs[0]), max(interval[1], over_runs[1]))
    replicated = "nothing: one run, to the resolution of its curve"
    if len(values) > 1:
        replicated = "runs: seeds, images, label draws"
    return Measurement(
        name, tuple(values), unit, interval, replicated, *provenance(runs), **remarks(runs)
    )
