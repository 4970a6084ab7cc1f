"""Measurements over replicates that are no accuracies: means, correlations with signs, slopes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, Measurement, accuracies, measure
from harness.evidence.statistics import student, t_interval
from harness.runs.pairs import paired
from harness.runs.run import Run


def mean_over(
    name: str, values: Sequence[float], unit: str, replicated: str, runs: Sequence[Run] = ()
) -> Measurement:
    """The values of at least two replicates, with Student's interval of their mean."""
    values = tuple(float(value) for value in values)
    if len(values) < 2:
        raise HarnessError(f"{name}: {len(values)} values have no interval; give at least two")
    finite = all(math.isfinite(value) for value in values)
    interval, freedom = t_interval(values) if finite else NOWHERE, len(values) - 1
    return measure(name, values, unit, interval, replicated, runs, freedom=freedom)


def correlation_with_signs(name: str, runs: Sequence[Run]) -> Measurement:
    """Mean of sigma_i h(x_i) over the sample, for networks h trained on random signs sigma.

    It is 2 accuracy - 1, with the accuracy's interval: over sign vectors, and never narrower than
    the binomial one over all signs. A lower bound on the supremum over the class. Raises
    HarnessError where the labels are not two random classes, and where runs differ in more than
    their label draw.
    """
    for run in runs:
        if (run.recipe.labels, run.recipe.label_corruption) != ("two groups", 1):
            raise HarnessError(
                f"{name}: {run.recipe} has other labels than random signs;"
                " take labels='two groups' and label_corruption=1"
            )
    paired(name, runs[1:], runs[:-1], varied=("label_draw",))
    counts = [(run.outcome.train_correct, run.outcome.train_total) for run in runs]
    measured = accuracies(name, runs, counts)
    low, high = measured.interval
    return replace(
        measured,
        values=tuple(2 * value - 1 for value in measured.values),
        unit="correlation",
        interval=(2 * low - 1, 2 * high - 1),
        replicated="sign vectors; never narrower than the binomial interval over all their signs",
        images=0,
    )


def exponent(
    name: str, by_x: Mapping[int, Sequence[float]], replicated: str, runs: Sequence[Run] = ()
) -> Measurement:
    """The exponent of y in x from independent replicates at each x, all values above 0.

    A least-squares slope of logarithms with Student's interval of its residuals.
    """
    from scipy.stats import linregress

    pairs = [(math.log(x), math.log(y)) for x, its in by_x.items() for y in its]
    fitted, freedom = linregress(*zip(*pairs, strict=True)), len(pairs) - 2
    slope, square = float(fitted.slope), float(fitted.stderr) ** 2
    interval = student(slope, square, freedom)
    return measure(name, [slope], "exponent", interval, replicated, runs, freedom=freedom)


def log_log_slope(
    name: str, x: Sequence[float], curves: Sequence[Sequence[float]], replicated: str
) -> Measurement:
    """The exponent of y in x, a least-squares slope of logarithms for each replicate.

    ``curves`` (replicates, len(x)) must be above 0; Student's interval over the replicates.
    """
    y = np.asarray(curves, dtype=float)
    if not (y > 0).all():
        raise HarnessError(f"{name}: a slope takes values above 0; the least is {y.min():g}")
    slopes = np.polyfit(np.log(np.asarray(x, dtype=float)), np.log(y).T, 1)[0]
    return mean_over(name, slopes.tolist(), "exponent", replicated)
