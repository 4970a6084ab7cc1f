"""Intervals and error rates; the formulas are scipy's. Shares are in [0, 1]."""

import math
from collections.abc import Sequence

CONFIDENCE = 0.95

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
    that of independent images. Normal approximation; with several runs, Student's interval is
    taken at its expected width.
    """
    from scipy.stats import norm, t

    between = math.sqrt(design_effect * share * (1 - share) / images)
    within = math.sqrt(share * (1 - share) / (images * runs))
    half = float(norm.ppf((1 + confidence) / 2)) * within
    if runs > 1:
        half = max(half, float(t.ppf((1 + confidence) / 2, runs - 1)) * between / math.sqrt(runs))
    return min(1.0, 2 * float(norm.sf((margin - half) / (between / math.sqrt(runs)))))
