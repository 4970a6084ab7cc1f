"""Measurements of section 3: differences between runs, early stopping, smoothness of a curve."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from harness.errors import HarnessError
from harness.evidence.measurement import (
    NOWHERE,
    RUNS,
    Measurement,
    accuracies,
    design_effect,
    final_counts,
    measure,
)
from harness.evidence.published import Published, published_row
from harness.evidence.replicates import mean_over
from harness.evidence.statistics import Counts, Interval, hull, sum_interval, t_interval
from harness.runs.pairs import paired
from harness.runs.run import Run

LAST_EPOCHS = 10
IMAGES = "test images, as if those of both networks were independent"


def difference_in_accuracy(name: str, runs: Sequence[Run], others: Sequence[Run]) -> Measurement:
    """Test accuracy of ``runs`` minus that of ``others``, pair by pair.

    The interval is over runs where there are several, and never narrower than that of independent
    test images of all pairs together.
    """
    pairs = [(last_counts(run), last_counts(other)) for run, other in paired(name, runs, others)]
    return _paired(name, pairs, [*runs, *others])


def difference_in_loss(name: str, runs: Sequence[Run], others: Sequence[Run]) -> Measurement:
    """Mean training loss of ``runs`` minus that of ``others``, pair by pair, without penalties.

    In the last epoch that both of a pair reached. Student's interval over the pairs; one pair has
    none.
    """
    values = []
    for one, other in paired(name, runs, others):
        last = min(one.curve.epochs, other.curve.epochs) - 1
        values.append(one.curve.loss[last] - other.curve.loss[last])
    every = [*runs, *others]
    if len(values) > 1:
        return mean_over(name, values, "loss", RUNS, every)
    return measure(name, values, "loss", (values[0], values[0]), "nothing: one pair", every)


def gain_of_early_stopping(name: str, runs: Sequence[Run]) -> Measurement:
    """Test accuracy at the best epoch minus that at the last one; see `difference_in_accuracy`.

    The best epoch is chosen on held-out images, never on the test set (the paper's footnote).
    """
    pairs = []
    for run in runs:
        total = run.outcome.test_total
        best = run.curve.test_accuracy[run.outcome.best_epoch - 1] if not run.diverged else None
        pairs.append(((round((best or 0) * total), total), last_counts(run)))
    return _paired(name, pairs, runs)


def online_accuracy(name: str, runs: Sequence[Run]) -> Measurement:
    """Training accuracy over the last ten epochs, as the batches came, augmented or not.

    The interval is that of one epoch's images: the ten epochs show the same ones, cropped or
    turned differently.
    """
    shares, counts = [], []
    for run in runs:
        last, total = run.curve.online_accuracy[-LAST_EPOCHS:], run.outcome.train_total
        shares.append(math.nan if run.diverged else math.fsum(last) / len(last))
        counts.append((0 if run.diverged else round(shares[-1] * total), total))
    measured = accuracies(name, runs, counts, "training images", column="train")
    return replace(measured, values=tuple(shares))


def roughness_of(accuracies: Sequence[float | None]) -> float:
    """Mean absolute second difference of a curve with a point an epoch: 0 for a straight line.

    Raises HarnessError for a curve that was not evaluated in every epoch.
    """
    drawn = [share for share in accuracies if share is not None]
    if len(drawn) < len(accuracies) or len(drawn) < 3:
        raise HarnessError(
            "a curve's roughness takes its value at every epoch, three at least; evaluate"
            " 'every epoch' or 'test every epoch'"
        )
    triples = zip(drawn, drawn[1:], drawn[2:], strict=False)
    return math.fsum(abs(a - 2 * b + c) for a, b, c in triples) / (len(drawn) - 2)


def roughness_ratio(name: str, rough: Sequence[Run], smooth: Sequence[Run]) -> Measurement:
    """Roughness of the test curves of ``rough`` over that of ``smooth``, pair by pair.

    Student's interval, of the logarithms. For one pair, blocks of its epochs are resampled: the
    second differences of neighbouring epochs are not independent.
    """
    runs = [*rough, *smooth]
    values, interval = [math.nan], NOWHERE
    if not any(run.diverged for run in runs):
        pairs = [
            (one.curve.test_accuracy, other.curve.test_accuracy)
            for one, other in paired(name, rough, smooth)
        ]
        values = [roughness_of(one) / max(roughness_of(other), 1e-9) for one, other in pairs]
        if len(values) > 1:
            low, high = t_interval([math.log(value) for value in values])
            interval = (math.exp(low), math.exp(high))
        else:
            interval = _resampled_ratio(*pairs[0])
    several = len(values) > 1
    replicated = "runs" if several else "blocks of epochs within a run"
    freedom = len(values) - 1 if several else math.inf
    return measure(name, values, "times", interval, replicated, runs, freedom=freedom)


def spread_between_and_within(
    name: str, by_network: dict[str, Sequence[Run]]
) -> tuple[Measurement, Measurement]:
    """Test accuracy: spread over networks without regularisers minus the largest within a network.

    The first run of each network is the one without regularisers. Returns the difference, and the
    largest spread within a network. Intervals as if all runs' test images were independent.
    """
    runs = [run for every in by_network.values() for run in every]
    between = _extremes([every[0] for every in by_network.values()])
    within = max(
        (_extremes(every) for every in by_network.values() if len(every) > 1),
        key=lambda pair: pair[0].test_accuracy - pair[1].test_accuracy,
    )
    narrow = [(1.0, last_counts(within[0])), (-1.0, last_counts(within[1]))]
    wide = [(1.0, last_counts(between[0])), (-1.0, last_counts(between[1]))]
    diverged = any(run.diverged for run in runs)

    def measured(name: str, terms: list[tuple[float, Counts]]) -> Measurement:
        value, interval = sum_interval(terms)
        return measure(name, [math.nan if diverged else value], "share", interval, IMAGES, runs)

    negated = [(-weight, counts) for weight, counts in narrow]
    return measured(name, [*wide, *negated]), measured(f"{name}: within a network", narrow)


def last_counts(run: Run) -> Counts:
    """The run's final top-1 test accuracy."""
    return final_counts(run, "test")


def _extremes(runs: Sequence[Run]) -> tuple[Run, Run]:
    ordered = sorted(runs, key=lambda run: run.test_accuracy)
    return ordered[-1], ordered[0]


def _paired(name: str, pairs: Sequence[tuple[Counts, Counts]], runs: Sequence[Run]) -> Measurement:
    if not pairs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    diverged = any(run.diverged for run in runs)
    values = [math.nan if diverged else a / n - b / m for (a, n), (b, m) in pairs]
    one, other = (
        (sum(correct for correct, _ in side), sum(total for _, total in side))
        for side in zip(*pairs, strict=True)
    )
    interval, replicated = sum_interval([(1, one), (-1, other)])[1], IMAGES
    facts: dict[str, Any] = {"column": "test"}
    if len(values) == 1:
        facts["design"] = design_effect(runs)
    elif not diverged:
        student = t_interval(values)
        if student[1] - student[0] > interval[1] - interval[0]:
            facts["freedom"] = len(values) - 1
        interval = hull(interval, student)
        replicated = f"runs; never narrower than {IMAGES}"
    return measure(name, values, "share", interval, replicated, runs, **facts)


def _resampled_ratio(one: Sequence[float | None], other: Sequence[float | None]) -> Interval:
    draws, block = 2_000, 4
    second = [np.abs(np.diff(np.asarray(curve, dtype=float), 2)) for curve in (one, other)]
    generator = np.random.default_rng(0)
    means = []
    for sizes in second:
        starts = generator.integers(
            0, max(len(sizes) - block, 0) + 1, (draws, -(-len(sizes) // block))
        )
        indices = np.minimum(starts[..., None] + np.arange(block), len(sizes) - 1)
        means.append(sizes[indices.reshape(draws, -1)].mean(axis=1))
    low, high = np.percentile(means[0] / np.maximum(means[1], 1e-9), [2.5, 97.5])
    return float(low), float(high)


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
    counts = [final_counts(run, part, "among_five") for run in runs]
    return accuracies(name, runs, counts, column=f"top5_{part}")


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
