"""Measurements over label corruption: how much longer fitting takes, and what rises with it."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import variance

from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, RUNS, Measurement, accuracies, measure
from harness.evidence.replicates import mean_over
from harness.evidence.statistics import (
    Counts,
    kendall_interval,
    student,
    welch_freedom,
    welch_interval,
)
from harness.runs.pairs import paired
from harness.runs.run import Run

FITTED = 0.99
"""A network has fitted its labels at this online accuracy. The paper does not say what Figure 1b
counts; MLP 1x512, which is in it, never fits all random labels (Table 1: 99.34 %)."""

CONVERGED = 0.01
"""A network that has fitted its labels converged once its online accuracy was this near its last
one. Of the criteria that were tried, MLP 1x512 comes nearest to Figure 1b's epochs with this one;
see fixtures/records/README.md."""
NORMAL_95 = 1.96
FEWEST = 5
"""Runs from which on a trend has an interval."""


def epochs_to_fit(run: Run, share: float = FITTED) -> float:
    """Epochs until this online accuracy; infinity if never, NaN where the run diverged."""
    if run.diverged:
        return math.nan
    epochs = run.outcome.epochs_until(share)
    return math.inf if epochs is None else float(epochs)


def epochs_to_converge(run: Run) -> float:
    """Epochs until the online accuracy is `CONVERGED` near its last; NaN where the run diverged.

    Every curve comes near its end: infinity where that is below `FITTED`.
    """
    online = run.curve.online_accuracy
    if run.diverged:
        return math.nan
    if online[-1] < FITTED:
        return math.inf
    return float(next(i for i, it in enumerate(online, 1) if online[-1] - it < CONVERGED))


def slowdown(
    name: str,
    slower: Sequence[Run],
    faster: Sequence[Run],
    epochs_of: Callable[[Run], float] = epochs_to_fit,
) -> Measurement:
    """Epochs of each of ``slower``, over the geometric mean of those of ``faster``.

    The runs are independent, and may be more on one side. The interval is Welch's, of the
    logarithms; for one run on each side it is the resolution of an epoch.
    """
    slow, fast = ([epochs_of(run) for run in runs] for runs in (slower, faster))
    mean = math.exp(math.fsum(map(math.log, fast)) / len(fast))
    values = [epochs / mean if math.isfinite(mean) else math.nan for epochs in slow]
    single, freedom = len(slow) == len(fast) == 1, math.inf
    if not all(map(math.isfinite, values)):
        interval = NOWHERE
    elif single:
        interval = ((slow[0] - 1) / mean, slow[0] / max(mean - 1, 0.5))
    else:
        late, soon = [math.log(it) for it in slow], [math.log(it) for it in fast]
        low, high = welch_interval(late, soon)
        interval, freedom = (math.exp(low), math.exp(high)), welch_freedom(late, soon)[1]
    replicated = "nothing: one run, to an epoch" if single else "runs: seeds and label draws"
    runs = [*slower, *faster]
    return measure(name, values, "times", interval, replicated, runs, freedom=freedom)


def slowdown_over(
    name: str,
    networks: Mapping[str, tuple[Sequence[Run], Sequence[Run]]],
    epochs_of: Callable[[Run], float],
) -> Measurement:
    """The geometric mean over networks of how much longer the first runs take than the second.

    Student's interval, of the logarithms; runs are what is replicated, and the networks are these.
    The deviation of a run is taken as the same for all networks, which may then have a single run;
    it is estimated where there are several. At least one network must have two runs.
    """
    groups = {
        network: [[math.log(epochs_of(run)) for run in runs] for runs in pair]
        for network, pair in networks.items()
    }
    means = {it: [math.fsum(logs) / len(logs) for logs in pair] for it, pair in groups.items()}
    factors = {network: slow - fast for network, (slow, fast) in means.items()}
    mean = math.fsum(factors.values()) / len(factors)
    every = [logs for pair in groups.values() for logs in pair]
    interval, freedom = NOWHERE, sum(len(logs) - 1 for logs in every)
    if math.isfinite(mean):
        squares = math.fsum(variance(logs) * (len(logs) - 1) for logs in every if len(logs) > 1)
        of_mean = squares / freedom * sum(1 / len(logs) for logs in every) / len(factors) ** 2
        low, high = student(mean, of_mean, freedom)
        interval = (math.exp(low), math.exp(high))
    return measure(
        name,
        [math.exp(mean)],
        "times",
        interval,
        "runs: seeds and label draws; their deviation is that of all networks",
        [run for pair in networks.values() for runs in pair for run in runs],
        note=", ".join(f"{network} {math.exp(it):.3g}" for network, it in factors.items()),
        freedom=freedom,
    )


def epochs_near(name: str, runs: Sequence[Run]) -> Measurement:
    """`epochs_to_converge` of a single run, to the resolution of an epoch."""
    (epochs,) = map(epochs_to_converge, runs)
    return measure(
        name, [epochs], "epochs", (epochs - 1, epochs), "nothing: one run, to an epoch", runs
    )


def trend(name: str, values: Mapping[float, Sequence[float]], runs: Sequence[Run]) -> Measurement:
    """Kendall's tau between corruption levels and ``values``, given by level, a value a run.

    1 where each run of a higher level is above each of a lower one (a little less where levels have
    several runs, which tie in their level); 0 where nothing changes. Infinite values, of runs that
    never got there, are the largest. With a diverged run, NaN, there is no trend.

    The interval takes the runs as independent, and is crude below ten of them. Levels of one seed
    share their first weights, their order and part of their labels; ``replicated`` then says so.
    Raises HarnessError for fewer than five runs.
    """
    pairs = [(level, value) for level, every in values.items() for value in every]
    if len(pairs) < FEWEST:
        raise HarnessError(
            f"{name}: a trend needs {FEWEST} runs at least, and these are {len(pairs)};"
            " add levels or seeds"
        )
    sound = not any(math.isnan(value) for _, value in pairs)
    x, y = ([pair[axis] for pair in pairs] for axis in (0, 1))
    tau, interval = kendall_interval(x, y) if sound else (math.nan, NOWHERE)
    if one_seed := len({run.recipe.seed for run in runs}) == 1:
        paired(name, runs[1:], runs[:-1])
    replicated = f"runs: {len(pairs)} at {len(values)} levels{', all of one seed' * one_seed}"
    facts = {"images": len(pairs)}
    return measure(name, [tau], "Kendall's tau", interval, replicated, runs, **facts)


def error_as_drawn(run: Run) -> float:
    """Test error against labels corrupted as the training labels are: what Figure 1c shows.

    Against the true labels at p = 0, where nothing is corrupted, and at p = 1, where a network has
    seen none of them. NaN where the run diverged. Raises HarnessError where a run did not count
    what is needed.
    """
    if run.diverged:
        return math.nan
    correct, total = _as_drawn(run)
    return 1 - correct / total


def accuracy_as_drawn(name: str, runs: Sequence[Run]) -> Measurement:
    """One minus `error_as_drawn`, with the interval of an accuracy."""
    return accuracies(name, runs, [_as_drawn(run) for run in runs])


def corruption_cost(name: str, runs: Sequence[Run]) -> Measurement:
    """Accuracy against corrupted test labels, less what chance makes of that against true ones.

    A label is replaced with probability p by one of the classes, itself among them. A right answer
    then counts with probability 1 - p + p / classes, a wrong one with p / classes. The interval is
    the normal one of these independent draws, over all runs. Raises HarnessError where a run has
    not counted against corrupted labels.
    """
    off, images, variance = 0.0, 0, 0.0
    values = []
    for run in runs:
        correct, total = _as_drawn(run)
        share, true = run.recipe.label_corruption, run.outcome.test_correct
        classes = run.recipe.classes
        right, wrong = 1 - share + share / classes, share / classes
        excess = correct - true * right - (total - true) * wrong
        values.append(excess / total)
        off, images = off + excess, images + total
        variance += true * right * (1 - right) + (total - true) * wrong * (1 - wrong)
    mean, half = off / max(images, 1), NORMAL_95 * math.sqrt(variance) / max(images, 1)
    replicated = "test images: each label is drawn independently"
    return measure(name, values, "share", (mean - half, mean + half), replicated, runs)


def true_labels_found_first(name: str, runs: Sequence[Run]) -> Measurement:
    """The share of images with a wrong label that are given their true one, early in training.

    In the first epoch in which half of the images with a right label are given it (Arpit et al.
    2017). At least two runs, with a share of corrupted labels strictly between 0 and 1; NaN for
    one that never got there.
    """

    def early(run: Run) -> float:
        curve = run.curve
        shares = zip(curve.online_accuracy_intact, curve.online_true_corrupted, strict=True)
        return next((found for intact, found in shares if intact >= 0.5), math.nan)

    return mean_over(name, [early(run) for run in runs], "share", RUNS, runs)


def noise_after_signal(name: str, runs: Sequence[Run]) -> Measurement:
    """Epochs until half of the images with a wrong label have it, over those for the right labels.

    In training, as their batches came (Arpit et al. 2017). At least two runs, with a share of
    corrupted labels strictly between 0 and 1; NaN for one that never got there.
    """

    def half(shares: Sequence[float]) -> float:
        return next((epoch for epoch, it in enumerate(shares, 1) if it >= 0.5), math.nan)

    curves = [run.curve for run in runs]
    ratios = [half(it.online_accuracy_corrupted) / half(it.online_accuracy_intact) for it in curves]
    return mean_over(name, ratios, "times", RUNS, runs)


def _as_drawn(run: Run) -> Counts:
    outcome = run.outcome
    if run.recipe.label_corruption in (0, 1):
        return outcome.test_correct, outcome.test_total
    if not run.recipe.score_corrupted_test:
        raise HarnessError(
            f"{run.recipe} has not counted against corrupted test labels;"
            " set score_corrupted_test=True"
        )
    return outcome.corrupted_test_correct, outcome.test_total
