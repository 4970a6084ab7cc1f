"""Intervals and error rates; the formulas are scipy's. Shares are in [0, 1]."""

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Any

CONFIDENCE = 0.95

DESIGN_EFFECT = 9.0
"""Variance of a memoriser's test accuracy over label draws, relative to independent images.

A network that has memorised random labels gives similar test images the same answer, so that its
test accuracy varies more than a binomial's: 9.6 times over 205 runs of six networks at thirteen
base seeds, each on 1,000 digits (a standard deviation of 2.9 points; 5.5 to 11.3 times by network).
Rounded down, for margins to be no wider. The figure enters false-alarm rates only, and margins
chosen by them, never a verdict on what was measured.
"""
DESIGN_EFFECT_OF_LEARNERS = 4.0
"""The same with true labels, in between: 1.5 to 2.1 times for MLPs and the Inception without
BatchNorm, 4.7 for Alexnet and 5.4 for the Inception, over 12 to 170 runs each."""

Interval = tuple[float, float]


def clopper_pearson(correct: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact binomial interval of a share: replicated are the images of one run."""
    from scipy.stats import binomtest

    interval = binomtest(correct, total).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Student's interval of the mean over at least two runs."""
    from scipy.stats import t

    n = len(values)
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(t.ppf((1 + confidence) / 2, n - 1)) * math.sqrt(variance / n)
    return mean - half, mean + half


def welch_interval(
    values: Sequence[float], others: Sequence[float], confidence: float = CONFIDENCE
) -> Interval:
    """Welch's interval of the difference of two means, each over at least two runs."""
    from scipy.stats import t

    # Not scipy's ttest_ind: it warns where one side's values are equal, as epochs to fit may be.
    difference = fmean(values) - fmean(others)
    squares = [(variance(its) / len(its), len(its) - 1) for its in (values, others)]
    total = sum(square for square, _ in squares)
    if total == 0:
        return difference, difference
    freedom = total**2 / sum(square**2 / degrees for square, degrees in squares)
    half = float(t.ppf((1 + confidence) / 2, freedom)) * math.sqrt(total)
    return difference - half, difference + half


def accuracy_interval(
    correct: Sequence[int], total: Sequence[int], confidence: float = CONFIDENCE
) -> Interval:
    """The interval of a mean accuracy: over runs where there are several, never narrower than
    the binomial one over all their images. That is also what runs that all gave 1.0 get.
    """
    low, high = clopper_pearson(sum(correct), sum(total), confidence)
    if len(correct) > 1:
        shares = [c / n for c, n in zip(correct, total, strict=True)]
        over_runs = t_interval(shares, confidence)
        low, high = min(low, over_runs[0]), max(high, over_runs[1])
    return max(0.0, low), min(1.0, high)


def difference_interval(
    one: tuple[int, int], other: tuple[int, int], confidence: float = CONFIDENCE
) -> Interval:
    """Of the difference of two shares, each given as (correct, total), of independent images.

    Newcombe 1998, method 10, on the exact intervals of both. Two networks' answers on the same
    images agree more than that, so that it is rather too wide there.
    """
    (low, high), (other_low, other_high) = (
        clopper_pearson(*share, confidence) for share in (one, other)
    )
    share, other_share = one[0] / one[1], other[0] / other[1]
    difference = share - other_share
    return (
        difference - math.hypot(share - low, other_high - other_share),
        difference + math.hypot(high - share, other_share - other_low),
    )


def kendall_interval(
    x: Sequence[float], y: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Kendall's tau-b of two variables and its interval (Fieller, Hartley & Pearson 1957).

    Normal on the scale of atanh with variance 0.437 / (n - 4); a tau of 1 counts there as one
    pair short of it. 0 where one variable is constant. n must be 5 at least.
    """
    from scipy.stats import kendalltau, norm

    n = len(x)
    if len(set(x)) < 2 or len(set(y)) < 2:
        return 0.0, (0.0, 0.0)
    tau = float(kendalltau(x, y).statistic)
    most = 1 - 2 / (n * (n - 1))
    half = float(norm.ppf((1 + confidence) / 2)) * math.sqrt(0.437 / (n - 4))
    middle = math.atanh(max(-most, min(most, tau)))
    low, high = math.tanh(middle - half), math.tanh(middle + half)
    return tau, (min(low, tau), max(high, tau))


def equivalence_false_alarm(
    share: float,
    images: int,
    runs: int,
    margin: float,
    design_effect: float,
    confidence: float = CONFIDENCE,
) -> float:
    """How often an equivalence check fails although the true share is exactly ``share``.

    ``images`` are those of one run; ``design_effect`` is the variance of a run's accuracy over
    that of independent images. Runs are taken as normal, so that their mean and their standard
    deviation, which makes the width of Student's interval, are independent: the failure's
    probability at a given width is averaged over the widths.
    """
    import numpy as np
    from scipy.stats import chi2, norm, t

    between = math.sqrt(design_effect * share * (1 - share) / images)
    binomial = float(norm.ppf((1 + confidence) / 2)) * math.sqrt(
        share * (1 - share) / (images * runs)
    )
    of_the_mean = between / math.sqrt(runs)
    if runs == 1:
        half = np.array([binomial])
    else:
        quantiles = (np.arange(10_000) + 0.5) / 10_000
        spread = np.sqrt(chi2.ppf(quantiles, runs - 1) / (runs - 1)) * of_the_mean
        half = np.maximum(binomial, float(t.ppf((1 + confidence) / 2, runs - 1)) * spread)
    return float(np.minimum(1.0, 2 * norm.sf((margin - half) / of_the_mean)).mean())


MARGINS = (0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3)


def margin_around(
    share: float,
    images: int,
    runs: int,
    at_most: float = 1e-5,
    design_effect: float = DESIGN_EFFECT,
) -> float:
    """The smallest of `MARGINS` at which an equivalence check rarely fails at ``share``.

    It hangs on the numbers of images and runs, and on nothing that was measured.
    """
    rates = (
        (margin, equivalence_false_alarm(share, images, runs, margin, design_effect))
        for margin in MARGINS
    )
    return next((margin for margin, rate in rates if rate <= at_most), MARGINS[-1])


def paired_ratio_interval(
    one: Sequence[int], other: Sequence[int], confidence: float = CONFIDENCE
) -> Interval:
    """The interval of ``sum(one) / sum(other)`` over paired counts, by the percentile bootstrap.

    Where ``other`` sums to zero in a resample, the ratio there is infinite.
    """
    import numpy as np

    ones, others = _resampled_sums(one, other)
    return _percentiles(np.where(others > 0, ones / np.maximum(others, 1), math.inf), confidence)


def paired_difference_interval(
    one: Sequence[int], other: Sequence[int], confidence: float = CONFIDENCE
) -> Interval:
    """The interval of ``mean(one) - mean(other)`` over paired counts, by the same bootstrap."""
    ones, others = _resampled_sums(one, other)
    return _percentiles((ones - others) / len(one), confidence)


def _resampled_sums(one: Sequence[int], other: Sequence[int], draws: int = 2_000) -> Any:
    """Sums of both over resampled pairs, (2, draws): one multinomial draw each, the seed fixed."""
    import numpy as np

    pairs, counts = np.unique(np.stack([one, other], axis=1), axis=0, return_counts=True)
    share = counts / counts.sum()
    drawn = np.random.default_rng(0).multinomial(counts.sum(), share, size=draws)
    return (drawn @ pairs.astype(int)).T


def _percentiles(values: Any, confidence: float) -> Interval:
    import numpy as np

    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(values, ends, method="higher")
    return float(low), float(high)
