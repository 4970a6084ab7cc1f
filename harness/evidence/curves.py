"""Measurements on training curves: when a descent starts, and how long it takes.

A crossing is where the loss, averaged over an epoch's steps, falls below a level. In short runs it
is known to a step, in long ones to an epoch (Figure 1a has one point an epoch). A single run's
interval is that resolution; that of several runs is Student's where it is wider.
"""

import math
from collections.abc import Sequence
from statistics import fmean

from harness.evidence.measurement import NOWHERE, RUNS, Measurement, measure
from harness.evidence.statistics import hull, t_interval
from harness.runs.pairs import paired
from harness.runs.run import Run

RANDOMISED = ("label_corruption", "inputs")
"""What the settings of Figure 1a differ in."""


def difference_in_steps(
    name: str, later: Sequence[Run], earlier: Sequence[Run], level: float
) -> Measurement:
    """By how many steps ``later`` falls below the loss ``level`` after ``earlier``, pair by pair.

    Infinity where the later run never gets there, NaN where the earlier one does not. Raises
    HarnessError for pairs that differ in more than their labels and inputs.
    """
    values: list[float] = []
    widths: list[float] = []
    for one, other in paired(name, later, earlier, varied=RANDOMISED):
        late, soon = _crossing(one, level), _crossing(other, level)
        if late is None or soon is None:
            values.append(math.nan if soon is None else math.inf)
            continue
        values.append(float(late[0] - soon[0]))
        widths.append(max(late[1], soon[1]))
    return _measurement(name, values, widths, "steps", [*later, *earlier])


def epochs_of_descent(name: str, runs: Sequence[Run], start: float, end: float) -> Measurement:
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


def _crossing(run: Run, level: float) -> tuple[float, int] | None:
    """The step and the resolution with which it is known."""
    if run.diverged:
        return None
    return run.outcome.steps_until_loss_below(level, run.recipe.steps_per_epoch)


def _measurement(
    name: str, values: list[float], widths: list[float], unit: str, runs: Sequence[Run]
) -> Measurement:
    interval, several = NOWHERE, len(values) > 1
    if values and len(widths) == len(values):
        mean, width = fmean(values), fmean(widths)
        interval = (mean - width, mean + width)
        if several:
            interval = hull(interval, t_interval(values))
    replicated = RUNS if several else "nothing: one run, to the resolution of its curve"
    freedom = len(values) - 1 if several else math.inf
    return measure(name, values, unit, interval, replicated, runs, freedom=freedom)
