"""Measurements over replicates that are no accuracies: means, correlations with signs, slopes."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, Measurement, provenance, remarks
from harness.evidence.statistics import accuracy_interval, t_interval
from harness.runs.pairs import paired

if TYPE_CHECKING:
    from harness.runs.run import Run


def mean_over(
    name: str, values: Sequence[float], unit: str, replicated: str, runs: Sequence["Run"] = ()
) -> Measurement:
    """The values of at least two replicates, with Student's interval of their mean."""
    values = tuple(float(value) for value in values)
    if len(values) < 2:
        raise HarnessError(f"{name}: {len(values)} values have no interval; give at least two")
    finite = all(math.isfinite(value) for value in values)
    return Measurement(
        name,
        values,
        unit,
        t_interval(values) if finite else NOWHERE,
        replicated,
        *provenance(runs),
        **remarks(runs),
    )


def correlation_with_signs(name: str, runs: Sequence["Run"]) -> Measurement:
    """Mean of sigma_i h(x_i) over the sample for networks trained on random signs, h their answer.

    2 accuracy - 1, with the interval of the accuracy: over sign vectors, and never narrower than
    the binomial one over all signs. A lower bound on the supremum over the class. Raises
    HarnessError where the labels are other than two random classes, or more than their draw varies.
    """
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    for run in runs:
        if (run.recipe.labels, run.recipe.label_corruption) != ("two groups", 1):
            raise HarnessError(
                f"{name}: {run.recipe} has other labels than random signs;"
                " take labels='two groups' and label_corruption=1"
            )
    paired(name, runs[1:], runs[:-1], varied=("label_draw",))
    correct = [run.outcome.train_correct for run in runs]
    total = [run.outcome.train_total for run in runs]
    diverged = any(run.diverged for run in runs)
    low, high = NOWHERE if diverged else accuracy_interval(correct, total)
    return Measurement(
        name,
        tuple(2 * run.train_accuracy - 1 for run in runs),
        "correlation",
        (2 * low - 1, 2 * high - 1),
        "sign vectors; never narrower than the binomial interval over all their signs",
        *provenance(runs),
        **remarks(runs),
    )


def log_log_slope(
    name: str, x: Sequence[float], curves: Sequence[Sequence[float]], replicated: str
) -> Measurement:
    """The exponent of y in x, a least-squares slope of logarithms for each replicate.

    ``curves`` (replicates, len(x)) must be above 0; Student's interval over the replicates.
    """
    import numpy as np

    curves = np.asarray(curves, dtype=float)
    if curves.ndim != 2 or curves.shape[1] != len(x) or len(x) < 2 or not (curves > 0).all():
        raise HarnessError(
            f"{name}: a slope takes values above 0 at two or more places, the same for each"
            f" replicate; these are of shape {curves.shape} for {len(x)} places"
        )
    slopes = np.polyfit(np.log(np.asarray(x, dtype=float)), np.log(curves).T, 1)[0]
    return mean_over(name, slopes.tolist(), "exponent", replicated)
