"""Intervals and error rates; the formulas are scipy's. Shares are in [0, 1].

`scipy.stats` takes a second to load, and is imported where it is used.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, variance
from typing import Any

import numpy as np
from scipy import special

CONFIDENCE = 0.95
QUANTILE = (1 + CONFIDENCE) / 2
"""At the upper end of a two-sided interval."""

DESIGN_EFFECT = 9.0
"""Variance of a memoriser's test accuracy over label draws, relative to independent images.

A network that has memorised random labels gives similar test images the same answer, so its test
accuracy varies more than a binomial's: 9.6 times over 205 runs on 1,000 digits each. It is rounded
down, so that margins are no wider. It enters false-alarm rates, the margins chosen by them and
resolutions.
"""
DESIGN_EFFECT_OF_LEARNERS = 4.0
"""The same for networks trained on true labels, in the middle of 1.5 to 5.4 by network."""

DESIGN_EFFECT_AT_FULL_SIZE = 0.86
"""The same on CIFAR-10's 10,000 test images: the square of 0.28 points, of nine networks and of six
seeds of MLP 1x512, over 0.30."""
SHARED_DRAW = 0.23
"""Correlation of the test accuracies of two networks that have memorised one draw of random labels.
MLP 1x512 and MLP 3x512 on 10,000 images of CIFAR-10 give 31 % of the test images the same answer,
where independent ones would give 10 %; the excess over what is left to differ, 21 of 90."""

Interval = tuple[float, float]
Counts = tuple[int, int]
"""Images classified correctly, of how many."""


def clopper_pearson(correct: int, total: int) -> Interval:
    """The exact binomial interval of a share: replicated are the images of one run."""
    tail, wrong = (1 - CONFIDENCE) / 2, total - correct
    low = float(special.betaincinv(correct, wrong + 1, tail)) if correct else 0.0
    high = float(special.betaincinv(correct + 1, wrong, 1 - tail)) if wrong else 1.0
    return low, high


def t_interval(values: Sequence[float]) -> Interval:
    """Student's interval of the mean over at least two runs."""
    return student(fmean(values), variance(values) / len(values), len(values) - 1)


def welch_interval(values: Sequence[float], others: Sequence[float]) -> Interval:
    """Welch's interval of the difference of two means, each over at least two runs."""
    total, freedom = welch_freedom(values, others)
    return student(fmean(values) - fmean(others), total, freedom)


def welch_freedom(values: Sequence[float], others: Sequence[float]) -> tuple[float, float]:
    """The squared standard error of the difference of two means, and its degrees of freedom."""
    # Not scipy's ttest_ind: it warns where one side's values are equal, as epochs to fit may be.
    squares = [(variance(its) / len(its), len(its) - 1) for its in (values, others)]
    total = sum(square for square, _ in squares)
    freedom = total**2 / sum(square**2 / degrees for square, degrees in squares) if total else 1.0
    return total, freedom


def student(mean: float, square: float, freedom: float) -> Interval:
    """Student's interval around a mean whose squared standard error is ``square``."""
    half = float(special.stdtrit(min(freedom, 1e9), QUANTILE)) * math.sqrt(square)
    return mean - half, mean + half


def hull(one: Interval, other: Interval) -> Interval:
    """The smallest interval that holds both."""
    return min(one[0], other[0]), max(one[1], other[1])


def accuracy_interval(correct: Sequence[int], total: Sequence[int]) -> Interval:
    """The interval of a mean accuracy over runs, never narrower than the binomial one.

    The binomial interval is that of all their images. It is all there is for a single run, and for
    runs that agree, such as those that all gave 1.0.
    """
    interval = clopper_pearson(sum(correct), sum(total))
    if len(correct) > 1:
        shares = [c / n for c, n in zip(correct, total, strict=True)]
        interval = hull(interval, t_interval(shares))
    return max(0.0, interval[0]), min(1.0, interval[1])


def sum_interval(terms: Iterable[tuple[float, Counts]]) -> tuple[float, Interval]:
    """A weighted sum of shares of independent images, and its interval.

    ``terms`` are weights and counts, as 1 and -1 for a difference. By the square-and-add rule (Zou
    & Donner 2008; for a difference Newcombe 1998, method 10) on exact binomial intervals. Rather
    too wide for networks that answer on the same images, where they agree more than by chance.
    """
    value, below, above = 0.0, 0.0, 0.0
    for weight, (correct, total) in terms:
        share = correct / total
        low, high = clopper_pearson(correct, total)
        value += weight * share
        down, up = (share - low, high - share) if weight > 0 else (high - share, share - low)
        below += (weight * down) ** 2
        above += (weight * up) ** 2
    return value, (value - math.sqrt(below), value + math.sqrt(above))


def kendall_interval(x: Sequence[float], y: Sequence[float]) -> tuple[float, Interval]:
    """Kendall's tau-b of two variables and its interval (Fieller, Hartley & Pearson 1957).

    Normal on the scale of atanh with variance 0.437 / (n - 4); a tau of 1 counts there as one
    pair short of it. 0 where one variable is constant. n must be 5 at least.
    """
    n = len(x)
    tau = kendall_tau(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        return 0.0, (0.0, 0.0)
    most = 1 - 2 / (n * (n - 1))
    half = kendall_half_width(n)
    middle = math.atanh(max(-most, min(most, tau)))
    low, high = math.tanh(middle - half), math.tanh(middle + half)
    return tau, (min(low, tau), max(high, tau))


def kendall_tau(x: Sequence[float], y: Sequence[float]) -> float:
    """Kendall's tau-b of two variables; 0 where one of them is constant.

    Not scipy's, which takes ten times as long for a few dozen values.
    """
    columns = (np.array(values)[:, None] for values in (x, y))
    one, other = ((it > it.T).astype(int) - (it < it.T) for it in columns)
    pairs = [math.sqrt(np.count_nonzero(signs) / 2) for signs in (one, other)]
    if not all(pairs):
        return 0.0
    return float(np.clip((one * other).sum() / 2 / pairs[0] / pairs[1], -1, 1))


def kendall_half_width(n: int) -> float:
    """Half the width of `kendall_interval`, on the scale of atanh."""
    return float(special.ndtri(QUANTILE)) * math.sqrt(0.437 / (n - 4))


def equivalence_false_alarm(
    share: float, images: int, runs: int, margin: float, design_effect: float
) -> float:
    """How often an equivalence check fails although the true share is exactly ``share``.

    ``images`` are those of one run; ``design_effect`` is the variance of a run's accuracy over
    that of independent images. Runs are taken as normal. Their mean and the width of Student's
    interval are then independent, and the probability of failure at a given width is averaged over
    the widths.
    """
    between = math.sqrt(design_effect * share * (1 - share) / images)
    binomial = special.ndtri(QUANTILE) * math.sqrt(share * (1 - share) / (images * runs))
    of_the_mean = between / math.sqrt(runs)
    if runs == 1:
        half = np.array([binomial])
    else:
        quantiles = (np.arange(10_000) + 0.5) / 10_000
        chi_squared = 2 * special.gammaincinv((runs - 1) / 2, quantiles)
        spread = np.sqrt(chi_squared / (runs - 1)) * of_the_mean
        half = np.maximum(binomial, special.stdtrit(runs - 1, QUANTILE) * spread)
    return float(np.minimum(1.0, 2 * special.ndtr((half - margin) / of_the_mean)).mean())


RARELY = 1e-5
MARGINS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3)


def margin_around(
    share: float, images: int, runs: int, design_effect: float = DESIGN_EFFECT
) -> float:
    """The smallest of `MARGINS` at which an equivalence check fails once in 100,000 at ``share``.

    It depends on the numbers of images and runs, and on nothing that was measured.
    """
    rates = (
        (margin, equivalence_false_alarm(share, images, runs, margin, design_effect))
        for margin in MARGINS
    )
    return next((margin for margin, rate in rates if rate <= RARELY), MARGINS[-1])


def crossed_variance(values: Any) -> tuple[float, float]:
    """The variance of the total of ``values`` (draws, images), and its degrees of freedom.

    Drawn are rows and columns: training draws, each tried on the same images. Their variances less
    that of the cells, which are in both (Cameron, Gelbach & Miller 2011); the freedom is
    Satterthwaite's. Over images alone where there is one row.
    """
    values = np.asarray(values, dtype=float)
    totals = [values.sum(axis=axis) for axis in (1, 0)]
    ways = [(len(it) * float(it.var(ddof=1)), len(it) - 1) for it in totals if len(it) > 1]
    if len(ways) < 2:
        return ways[0][0], math.inf
    (rows, draws), (columns, images) = ways
    total = max(rows, columns, rows + columns - values.size * float(values.var()))
    return total, total**2 / (rows**2 / draws + columns**2 / images) if total else math.inf


def paired_ratio(one: Any, other: Any) -> tuple[float, Interval, float]:
    """The total of ``one`` over that of ``other``, both (draws, images), interval and freedom.

    Student's, of the logarithm, by `crossed_variance` of what is linear in both. The ratio is
    infinite where ``other`` is zero throughout.
    """
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if not one.sum() or not other.sum():
        ratio = 0.0 if other.sum() else math.inf
        return ratio, (ratio, ratio), math.inf
    ratio = float(one.sum() / other.sum())
    square, freedom = crossed_variance(one - ratio * other)
    low, high = student(math.log(ratio), square / float(one.sum()) ** 2, freedom)
    return ratio, (math.exp(low), math.exp(high)), freedom
