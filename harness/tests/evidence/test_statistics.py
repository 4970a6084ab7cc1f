"""Intervals cover as often as they say, and never promise more than their data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.evidence.statistics import (
    CONFIDENCE,
    accuracy_interval,
    clopper_pearson,
    equivalence_false_alarm,
    t_interval,
)


@pytest.mark.parametrize(
    ("correct", "total", "expected"),
    [
        (10, 10, (0.6915, 1.0)),  # Clopper and Pearson (1934), as in every table of the method
        (0, 10, (0.0, 0.3085)),
        (5, 10, (0.1871, 0.8129)),
        (1, 20, (0.0013, 0.2487)),
        (256, 256, (0.025 ** (1 / 256), 1.0)),
    ],
)
def test_clopper_pearson_agrees_with_known_values(correct, total, expected):
    assert clopper_pearson(correct, total) == pytest.approx(expected, abs=5e-5)


@settings(deadline=None, max_examples=15, database=None, print_blob=True)
@given(total=st.integers(1, 12), share=st.integers(0, 200).map(lambda n: n / 200))
def test_clopper_pearson_covers_every_share_at_least_as_often_as_it_says(total, share):
    """Summed over all outcomes, not simulated."""
    coverage = 0.0
    for correct in range(total + 1):
        low, high = clopper_pearson(correct, total)
        assert 0 <= low <= correct / total <= high <= 1
        if low <= share <= high:
            coverage += stats.binom.pmf(correct, total, share)
    assert coverage >= CONFIDENCE - 1e-9


@settings(deadline=None, max_examples=50, database=None, print_blob=True)
@given(st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 6)), min_size=2))
def test_t_interval_is_scipys(values):
    low, high = t_interval(values)
    spread = float(np.std(values, ddof=1))
    if spread < 1e-9:
        assert (low, high) == pytest.approx((values[0], values[0]))
        return
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    assert (low, high) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=25, database=None, print_blob=True)
@given(st.lists(st.integers(0, 64), min_size=1, max_size=6))
def test_an_interval_holds_its_mean_and_stays_within_shares(correct):
    low, high = accuracy_interval(correct, [64] * len(correct))
    assert 0 <= low <= sum(correct) / (64 * len(correct)) + 1e-12
    assert sum(correct) / (64 * len(correct)) - 1e-12 <= high <= 1


def simulated_false_alarm(share, images, runs, margin, design_effect, trials=4000):
    """How often the interval leaves the margin, over runs that vary as the design effect says.

    Written apart from the product, for whole arrays of trials: Clopper-Pearson's interval is a
    pair of beta quantiles. The test accuracies are beta-binomial.
    """
    generator = np.random.default_rng(20170210)
    # Var = p (1 - p) / n * (1 + (n - 1) / (weight + 1)) for shares from Beta(p, 1 - p) * weight.
    weight = (images - design_effect) / (design_effect - 1)
    shares = generator.beta(share * weight, (1 - share) * weight, size=(trials, runs))
    correct = generator.binomial(images, shares)
    total, right = images * runs, correct.sum(axis=1)
    low = stats.beta.ppf(0.025, right, total - right + 1)
    high = stats.beta.ppf(0.975, right + 1, total - right)
    if runs > 1:
        over_runs = correct / images
        half = stats.t.ppf(0.975, runs - 1) * over_runs.std(axis=1, ddof=1) / np.sqrt(runs)
        low = np.minimum(low, over_runs.mean(axis=1) - half)
        high = np.maximum(high, over_runs.mean(axis=1) + half)
    return float(np.mean((low < share - margin) | (high > share + margin)))


@pytest.mark.parametrize(
    ("runs", "margin", "tolerance"),
    [
        (1, 0.04, 0.04),  # 4,000 trials have a standard error of 0.008 at most
        (1, 0.06, 0.02),
        (3, 0.06, 0.04),
        (3, 0.10, 0.02),
        (8, 0.025, 0.04),
        (8, 0.03, 0.03),
    ],
)
def test_the_stated_false_alarm_is_the_simulated_one(runs, margin, tolerance):
    stated = equivalence_false_alarm(0.1, 1000, runs, margin, design_effect=4.0)
    simulated = simulated_false_alarm(0.1, 1000, runs, margin, design_effect=4.0)
    assert 0.01 < simulated < 0.5, "the case says something"
    assert stated == pytest.approx(simulated, abs=tolerance)


def test_the_margin_of_the_all_networks_check_alarms_less_than_once_in_ten_thousand():
    """Nine networks of the fast tier on 1,000 digits each, margin 5 points."""
    assert equivalence_false_alarm(0.1, 1000, 9, 0.05, 4.0) < 1e-4
    assert equivalence_false_alarm(0.1, 1000, 1, 0.05, 4.0) > 1e-2, "one would not be enough"
