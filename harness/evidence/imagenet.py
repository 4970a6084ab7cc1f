"""Measurements of Table 2: top-5 accuracies, and sums of several runs' test accuracies."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from harness.evidence.measurement import Measurement, accuracies, measure
from harness.evidence.published import Published, published_row
from harness.evidence.statistics import Counts, sum_interval
from harness.runs.run import Run

TABLE = "table2_imagenet_inception_v3"


def table2(field: str, labels: str, switches: Sequence[str]) -> Published:
    """A cell of Table 2 by what is switched on: any of augmentation, dropout, weight decay."""
    on = {
        "aug": "augmentation" in switches,
        "dropout": "dropout" in switches,
        "weight_decay": "weight-decay" in switches,
    }
    return published_row(TABLE, field, labels=labels, **on)


def top5_accuracy(name: str, runs: Sequence[Run], part: Literal["train", "test"]) -> Measurement:
    """Final shares of images whose label is among the five likeliest classes."""
    counts = [
        (getattr(run.outcome, f"{part}_among_five"), getattr(run.outcome, f"{part}_total"))
        for run in runs
    ]
    return accuracies(name, runs, counts, column=f"top5_{part}")


def last_counts(run: Run) -> Counts:
    """The run's final top-1 test accuracy."""
    return run.outcome.test_correct, run.outcome.test_total


def best_counts(run: Run) -> Counts:
    """The highest top-1 test accuracy of any epoch: Table 2's number in parentheses.

    It is chosen on the test images themselves, as the paper's was.
    """
    best = run.outcome.best_test_accuracy
    return 0 if math.isnan(best) else round(best * run.outcome.test_total), run.outcome.test_total


def sum_of_accuracies(
    name: str, terms: Mapping[str, tuple[float, Counts]], runs: Sequence[Run] = ()
) -> Measurement:
    """A weighted sum of accuracies: ``terms`` are weights and counts by their names.

    The interval is that of `sum_interval`.
    """
    value, interval = sum_interval(terms.values())
    if any(run.diverged for run in runs):
        value = math.nan
    replicated = "test images, as if those of all networks were independent"
    return measure(name, [value], "share", interval, replicated, runs, column="test")
