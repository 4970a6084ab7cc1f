"""Measurements of section 3: differences between runs, early stopping, smoothness of a curve."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, Measurement, provenance, remarks
from harness.evidence.statistics import (
    Interval,
    accuracy_interval,
    difference_interval,
    t_interval,
)
from harness.runs.pairs import paired

if TYPE_CHECKING:
    from harness.runs.run import Run

LAST_EPOCHS = 10
IMAGES = "test images, as if those of both networks were independent"


def difference_in_accuracy(
    name: str, runs: Sequence["Run"], others: Sequence["Run"]
) -> Measurement:
    """Test accuracy of ``runs`` minus that of ``others``, pair by pair.

    The interval is over runs where there are several, and never narrower than that of independent
    test images, all pairs' together.
    """
    pairs = [(_test(run), _test(other)) for run, other in paired(name, runs, others)]
    return _paired(name, pairs, [*runs, *others])


def gain_of_early_stopping(name: str, runs: Sequence["Run"]) -> Measurement:
    """Test accuracy at the best epoch minus that at the last one; see `difference_in_accuracy`.

    The best epoch is chosen on held-out images, never on the test set (the paper's footnote).
    """
    pairs = []
    for run in runs:
        total = run.outcome.test_total
        best = run.curve.test_accuracy[run.outcome.best_epoch - 1] if not run.diverged else None
        pairs.append(((round((best or 0) * total), total), _test(run)))
    return _paired(name, pairs, runs)


def online_accuracy(name: str, runs: Sequence["Run"]) -> Measurement:
    """Training accuracy over the last ten epochs, as the batches came, augmented or not.

    The interval is that of one epoch's images: the ten epochs show the same ones, cropped or
    turned otherwise.
    """
    shares, counts = [], []
    for run in runs:
        last = run.curve.online_accuracy[-LAST_EPOCHS:]
        shares.append(math.fsum(last) / len(last) if not run.diverged else math.nan)
        counts.append(run.outcome.train_total)
    interval = NOWHERE
    if not any(run.diverged for run in runs):
        correct = [round(share * count) for share, count in zip(shares, counts, strict=True)]
        interval = accuracy_interval(correct, counts)
    return Measurement(
        name,
        tuple(shares),
        "share",
        interval,
        "training images" if len(runs) == 1 else "runs: seeds, images, label draws",
        *provenance(runs),
        column="train",
        **remarks(runs),
    )


def roughness_of(accuracies: Sequence[float | None]) -> float:
    """Mean size of the second difference of a curve with a point an epoch: 0 for a straight line.

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


def roughness_ratio(name: str, rough: Sequence["Run"], smooth: Sequence["Run"]) -> Measurement:
    """Roughness of the test curves of ``rough`` over that of ``smooth``, pair by pair.

    Student's interval, of the logarithms; of one pair, by resampling blocks of its epochs, as the
    second differences of neighbouring epochs are not independent.
    """
    runs = [*rough, *smooth]
    if any(run.diverged for run in runs):
        values, interval = [math.nan], NOWHERE
    else:
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
    return Measurement(
        name,
        tuple(values),
        "times",
        interval,
        "runs" if len(values) > 1 else "blocks of epochs within a run",
        *provenance(runs),
        **remarks(runs),
    )


def spread_between_and_within(
    name: str, by_network: dict[str, Sequence["Run"]]
) -> tuple[Measurement, Measurement]:
    """Test accuracy: spread over networks without regularisers minus the largest within a network.

    The first run of each network is the one without regularisers. Also the largest spread within.
    Intervals as if all runs' test images were independent.
    """
    runs = [run for every in by_network.values() for run in every]
    if any(run.diverged for run in runs):
        nothing = Measurement(
            name, (math.nan,), "share", NOWHERE, IMAGES, *provenance(runs), **remarks(runs)
        )
        return nothing, nothing
    plain = [every[0] for every in by_network.values()]
    between = _extremes(plain)
    within = max(
        (_extremes(every) for every in by_network.values() if len(every) > 1),
        key=lambda pair: pair[0].test_accuracy - pair[1].test_accuracy,
    )
    (wide, wide_interval), (narrow, narrow_interval) = (
        (
            high.test_accuracy - low.test_accuracy,
            difference_interval(_test(high), _test(low)),
        )
        for high, low in (between, within)
    )
    difference = wide - narrow
    interval = (
        difference - math.hypot(wide - wide_interval[0], narrow_interval[1] - narrow),
        difference + math.hypot(wide_interval[1] - wide, narrow - narrow_interval[0]),
    )
    common = (*provenance(runs),)
    return (
        Measurement(name, (difference,), "share", interval, IMAGES, *common, **remarks(runs)),
        Measurement(
            f"{name}: within a network",
            (narrow,),
            "share",
            narrow_interval,
            IMAGES,
            *common,
            **remarks(runs),
        ),
    )


def _extremes(runs: Sequence["Run"]) -> tuple["Run", "Run"]:
    ordered = sorted(runs, key=lambda run: run.test_accuracy)
    return ordered[-1], ordered[0]


def _test(run: "Run") -> tuple[int, int]:
    return run.outcome.test_correct, run.outcome.test_total


def _paired(
    name: str, pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]], runs: Sequence["Run"]
) -> Measurement:
    if not pairs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    diverged = any(run.diverged for run in runs)
    values = [math.nan if diverged else a / n - b / m for (a, n), (b, m) in pairs]
    interval: Interval = NOWHERE
    if not diverged:
        sums = [tuple(map(sum, zip(*side, strict=True))) for side in zip(*pairs, strict=True)]
        interval = difference_interval(*sums)
        if len(values) > 1:
            low, high = t_interval(values)
            interval = (min(interval[0], low), max(interval[1], high))
    return Measurement(
        name,
        tuple(values),
        "share",
        interval,
        IMAGES if len(values) == 1 else f"runs; never narrower than {IMAGES}",
        *provenance(runs),
        column="test",
        **remarks(runs),
    )


def _resampled_ratio(
    one: Sequence[float | None], other: Sequence[float | None], draws: int = 2_000, block: int = 4
) -> Interval:
    import numpy as np

    second = [np.abs(np.diff(np.asarray(curve, dtype=float), 2)) for curve in (one, other)]
    generator = np.random.default_rng(0)
    means = []
    for sizes in second:
        starts = generator.integers(
            0, max(len(sizes) - block, 0) + 1, (draws, -(-len(sizes) // block))
        )
        places = np.minimum(starts[..., None] + np.arange(block), len(sizes) - 1)
        means.append(sizes[places.reshape(draws, -1)].mean(axis=1))
    low, high = np.percentile(means[0] / np.maximum(means[1], 1e-9), [2.5, 97.5])
    return float(low), float(high)
