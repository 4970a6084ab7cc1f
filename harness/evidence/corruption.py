"""Measurements over label corruption: how much longer fitting takes, and what rises with it."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, Measurement, provenance, remarks
from harness.evidence.statistics import accuracy_interval, kendall_interval, welch_interval
from harness.runs.pairs import paired

if TYPE_CHECKING:
    from harness.runs.run import Run

FITTED = 0.99
"""Share of the training labels from which on a network has fitted them, counted as the batches
come. The paper does not say what Figure 1b counts; MLP 1x512, which is in it, never fits all of the
random labels (Table 1: 99.34 %)."""

CONVERGED = 0.01
"""How near its last online accuracy a network is when it has converged: the criterion, of eleven
kinds that were tried with sixty thresholds each, under which MLP 1x512 comes nearest to Figure
1b's own epochs. Chosen on that curve alone; see fixtures/records/README.md."""
NORMAL_95 = 1.96
FEWEST = 5
"""Runs from which on a trend has an interval."""


def epochs_to_fit(run: "Run") -> float:
    """Epochs until `FITTED`; infinity where it never gets there, NaN where the run diverged."""
    if run.diverged:
        return math.nan
    epochs = run.outcome.epochs_until(FITTED)
    return math.inf if epochs is None else float(epochs)


def epochs_to_converge(run: "Run", within: float = CONVERGED) -> float:
    """Epochs until the online accuracy is ``within`` of that of the run's last epoch, a share.

    NaN where the run diverged.
    """
    online = run.curve.online_accuracy
    if run.diverged:
        return math.nan
    return float(next(i for i, it in enumerate(online, 1) if online[-1] - it < within))


def slowdown(name: str, slower: Sequence["Run"], faster: Sequence["Run"]) -> Measurement:
    """Epochs to fit of each of ``slower``, over the geometric mean of those of ``faster``.

    Their geometric mean is the ratio; the interval is Welch's, of the logarithms, of runs that are
    independent and need not be as many. Of one run each, to the resolution of an epoch.
    """
    slow, fast = ([epochs_to_fit(run) for run in runs] for runs in (slower, faster))
    mean = math.exp(math.fsum(map(math.log, fast)) / len(fast))
    values = [epochs / mean if math.isfinite(mean) else math.nan for epochs in slow]
    interval = NOWHERE
    single = len(slow) == len(fast) == 1
    if all(map(math.isfinite, values)):
        if single:
            interval = ((slow[0] - 1) / mean, slow[0] / max(mean - 1, 0.5))
        else:
            low, high = welch_interval([math.log(it) for it in slow], [math.log(it) for it in fast])
            interval = (math.exp(low), math.exp(high))
    runs = [*slower, *faster]
    return Measurement(
        name,
        tuple(values),
        "times",
        interval,
        "nothing: one run, to an epoch" if single else "runs: seeds and label draws",
        *provenance(runs),
        **remarks(runs),
    )


def trend(name: str, values: Mapping[float, Sequence[float]], runs: Sequence["Run"]) -> Measurement:
    """Kendall's tau between corruption levels and ``values``, given by level, a value a run.

    1 where each run of a higher level is above each of a lower one (a little less where levels have
    several runs, which tie in their level); 0 where nothing changes. Infinite values, of runs that
    never got there, are the largest; with a diverged run, NaN, there is no trend. The interval
    takes the runs as independent, and is crude below ten of them. Levels of one seed are not: they
    share their first weights, order and, as far as they go, labels, which shows the more clearly
    what a level does, and says nothing of other seeds: ``replicated`` tells. Raises HarnessError
    for fewer than five.
    """
    pairs = [(level, value) for level, every in values.items() for value in every]
    if len(pairs) < FEWEST:
        raise HarnessError(
            f"{name}: a trend needs {FEWEST} runs at least, and these are {len(pairs)};"
            " add levels or seeds"
        )
    sound = not any(math.isnan(value) for _, value in pairs)
    tau, interval = kendall_interval(*zip(*pairs, strict=True)) if sound else (math.nan, NOWHERE)
    if one_seed := len({run.recipe.seed for run in runs}) == 1:
        paired(name, runs[1:], runs[:-1])
    return Measurement(
        name,
        (tau,),
        "Kendall's tau",
        interval,
        f"runs: {len(pairs)} at {len(values)} levels{', all of one seed' if one_seed else ''}",
        *provenance(runs),
        **remarks(runs),
    )


def error_as_drawn(run: "Run") -> float:
    """Test error against labels corrupted as the training labels are: what Figure 1c shows.

    At p = 0 there is nothing to corrupt. At p = 1 nothing is left of the true labels, and the true
    labels of the test set are as unknown to the network as any others: they are counted there.
    Raises HarnessError where a run did not count what is needed.
    """
    if run.diverged:
        return math.nan
    correct, total = _as_drawn(run)
    return 1 - correct / total


def accuracy_as_drawn(name: str, runs: Sequence["Run"]) -> Measurement:
    """One minus `error_as_drawn`, with the interval of an accuracy."""
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    correct, total = zip(*map(_as_drawn, runs), strict=True)
    return Measurement(
        name,
        tuple(1 - error_as_drawn(run) for run in runs),
        "share",
        NOWHERE if any(run.diverged for run in runs) else accuracy_interval(correct, total),
        "images within a run" if len(runs) == 1 else "runs: seeds, images, label draws",
        *provenance(runs),
        images=min(total),
        **remarks(runs),
    )


def corruption_cost(name: str, runs: Sequence["Run"], classes: int = 10) -> Measurement:
    """Accuracy against corrupted test labels, less what corruption makes of that against true ones.

    A label is replaced with probability p by one of ``classes``, itself among them, whatever the
    network answers: a right answer then counts with probability 1 - p + p / classes, a wrong one
    with p / classes. The interval is the normal one of these independent draws, over all runs.
    Raises HarnessError where a run has not counted against corrupted labels.
    """
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    off, images, variance = 0.0, 0, 0.0
    values = []
    for run in runs:
        correct, total = _as_drawn(run)
        share, true = run.recipe.label_corruption, run.outcome.test_correct
        right, wrong = 1 - share + share / classes, share / classes
        excess = correct - true * right - (total - true) * wrong
        values.append(excess / total)
        off, images = off + excess, images + total
        variance += true * right * (1 - right) + (total - true) * wrong * (1 - wrong)
    half = NORMAL_95 * math.sqrt(variance) / images
    diverged = any(run.diverged for run in runs)
    return Measurement(
        name,
        tuple(values),
        "share",
        NOWHERE if diverged else (off / images - half, off / images + half),
        "test images: the label of each is drawn by itself",
        *provenance(runs),
        **remarks(runs),
    )


def _as_drawn(run: "Run") -> tuple[int, int]:
    outcome = run.outcome
    if run.recipe.label_corruption in (0, 1):
        return outcome.test_correct, outcome.test_total
    if not run.recipe.score_corrupted_test:
        raise HarnessError(
            f"{run.recipe} has not counted against corrupted test labels;"
            " set score_corrupted_test=True"
        )
    return outcome.corrupted_test_correct, outcome.test_total
