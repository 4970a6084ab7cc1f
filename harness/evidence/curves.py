"""Measurements on training curves: how long a descent takes, one run against another."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evidence.measurement import NOWHERE, Measurement, divergence

if TYPE_CHECKING:
    from harness.runs.run import Run


def ratio_of_descents(
    name: str, numerator: Sequence["Run"], denominator: Sequence["Run"], start: float, end: float
) -> Measurement:
    """Steps from below ``start`` to below ``end``, one run's over the other's, pair by pair.

    A curve has one point an epoch: the interval holds every ratio that crossings within their
    epochs allow, averaged over the pairs. A run that never gets there: infinitely long.
    """
    values, lows, highs = [], [], []
    for one, other in zip(numerator, denominator, strict=True):
        first, second = _descent(one, start, end), _descent(other, start, end)
        if first is None or second is None:
            values.append(math.nan if second is None else math.inf)
            continue
        epoch, other_epoch = one.recipe.steps_per_epoch, other.recipe.steps_per_epoch
        values.append(max(first, 1) / max(second, 1))
        lows.append(max(first - epoch, 0) / (second + other_epoch))
        highs.append((first + epoch) / max(second - other_epoch, 1))
    whole = bool(values) and len(lows) == len(values)
    runs = [*numerator, *denominator]
    return Measurement(
        name,
        tuple(values),
        "ratio",
        (math.fsum(lows) / len(lows), math.fsum(highs) / len(highs)) if whole else NOWHERE,
        "the epochs of the crossings",
        tuple(run.key for run in runs),
        math.fsum(run.seconds for run in runs),
        note=divergence(runs),
    )


def _descent(run: "Run", start: float, end: float) -> int | None:
    first, last = run.curve.steps_until_loss_below(start), run.curve.steps_until_loss_below(end)
    return None if run.diverged or first is None or last is None else last - first
