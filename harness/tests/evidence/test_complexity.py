"""The five questions, on values whose answers are known."""

from dataclasses import replace
from functools import partial
from itertools import product
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import binom, kendalltau

from harness.evidence import MoreThan
from harness.evidence.checks import resolution
from harness.evidence.complexity import (
    ALIKE,
    MeasuredNetwork,
    _over_seeds,
    broken_bounds,
    growth_with_images,
    invariance,
    random_above_true,
    rank_correlation,
    rank_correlation_within,
    shuffled,
    smallest_bound,
)
from harness.evidence.statistics import clopper_pearson, t_interval

CORRELATIONS = [rank_correlation, *(partial(rank_correlation_within, alike=it) for it in ALIKE)]


def networks(value, bound=lambda n, p, seed: None):
    """Four sizes, three kinds of labels, four seeds; the gap falls with n and rises with noise."""
    return [
        MeasuredNetwork(n, p, seed, 0.9 * p + (1 - p) / n + seed / 1e4, 0.9 * p + 0.05, v, b)
        for n, p, seed in product((64, 128, 256, 512), (0.0, 0.5, 1.0), range(4))
        for v, b in [(value(n, p, seed), bound(n, p, seed))]
    ]


def test_a_measure_that_grows_with_noise_tells_the_labels_apart():
    measured = random_above_true("m", networks(lambda n, p, seed: 1 + p))
    assert measured.values == (1.0,)
    assert measured.interval == pytest.approx((0.025 ** (1 / 16), 1.0))
    sign_test = MoreThan(0.5, source="a sign test")
    needed = [clopper_pearson(above, 16)[0] > 0.5 for above in range(17)].index(True)
    assert needed == 13
    # Refuted at 3 of 16 pairs and fewer, which this share gives in 19 of 20 repetitions.
    assert binom.cdf(3, 16, 0.5 - resolution(sign_test, measured)) == pytest.approx(0.95)


def test_a_measure_the_other_way_round_is_seen():
    assert random_above_true("m", networks(lambda n, p, seed: -p)).interval[1] < 0.5


@pytest.mark.parametrize("value", [lambda n, p, seed: 7.0, lambda n, p, seed: float(n)])
def test_a_measure_of_the_network_alone_does_not_tell_them_apart(value):
    """Ties count as not more: the parameter count is the paper's own example."""
    assert random_above_true("m", networks(value)).values == (0.0,)


def test_the_gap_itself_ranks_the_gaps():
    known = networks(lambda n, p, seed: 0.0)
    own = [replace(it, value=it.gap) for it in known]
    for correlation in CORRELATIONS:
        measured = correlation("m", own)
        assert measured.values == (pytest.approx(1.0),)
        assert measured.interval[0] > 0.9
    assert rank_correlation("m", known).values == (0.0,)
    draw = np.random.default_rng(0)
    mixed = networks(lambda n, p, seed: draw.integers(9) if seed else np.inf)
    expected = kendalltau([it.value for it in mixed], [it.gap for it in mixed]).statistic
    assert rank_correlation("m", mixed).values == pytest.approx((expected,))


def test_what_sees_one_thing_alone_ranks_nothing_where_that_is_alike():
    """The share of random labels; the number of images, with which the gap falls."""
    sees_labels = networks(lambda n, p, seed: p)
    assert rank_correlation("m", sees_labels).interval[0] > 0.5
    assert rank_correlation_within("m", sees_labels, "labels of one kind").values == (0.0,)
    measured = rank_correlation_within("m", sees_labels, "samples of one size")
    assert measured.values == pytest.approx((48 / (48 * 66) ** 0.5,)), "66 pairs, 18 alike in p"
    sees_size = networks(lambda n, p, seed: -n)
    assert rank_correlation_within("m", sees_size, "samples of one size").values == (0.0,)
    assert rank_correlation_within("m", sees_size, "labels of one kind").values[0] > 0.2


def test_the_interval_of_a_mean_is_students_over_the_seeds():
    draw = np.random.default_rng(0)
    of_one_size = [it for it in networks(lambda n, p, seed: draw.normal()) if it.images == 64]
    means = [fmean(it.value for it in of_one_size if it.seed == seed) for seed in range(4)]
    measured = _over_seeds("m", of_one_size, lambda sample: fmean(it.value for it in sample))
    assert measured.interval == pytest.approx(t_interval(means))
    assert measured.freedom == 3


def test_seeds_are_left_out_with_all_of_their_networks():
    """Seeds that are alike leave no interval, however far the networks of each scatter."""
    of_one = [it for it in networks(lambda n, p, seed: n % 7 + p) if it.seed == 0]
    alike = [replace(it, seed=seed) for seed in range(4) for it in of_one]
    for correlation in CORRELATIONS:
        measured = correlation("m", alike)
        assert measured.interval == pytest.approx(2 * measured.values)


def test_shuffled_values_answer_nothing():
    own = [replace(it, value=it.gap) for it in networks(lambda n, p, seed: 0.0)]
    mixed = shuffled(own)
    assert all(sorted(it.value for it in each) == sorted(it.value for it in own) for each in mixed)
    low, high = rank_correlation("m", *mixed).interval
    assert -0.1 < low < 0 < high < 0.1
    low, high = random_above_true("m", *mixed).interval
    assert 0.4 < low < 0.5 < high < 0.6


@pytest.mark.parametrize(
    ("value", "growth"),
    [
        (lambda n, p, seed: 3.0, 0.0),
        (lambda n, p, seed: np.log2(n), 1 / 7.5),
        (lambda n, p, seed: -np.log2(n), -1 / 7.5),
    ],
)
def test_growth_is_per_doubling_and_relative_to_the_mean(value, growth):
    measured = growth_with_images("m", networks(value))
    assert measured.values == pytest.approx([growth] * 4)


def test_an_infinite_bound_has_no_growth():
    measured = growth_with_images("m", networks(lambda n, p, seed: np.inf if n == 64 else 1.0))
    assert not measured.is_finite


def test_the_spread_of_growth_is_that_between_seeds():
    draw = np.random.default_rng(0)
    low, high = growth_with_images("m", networks(lambda n, p, seed: 5 + draw.normal())).interval
    assert low < 0 < high


def test_bounds_below_one_and_bounds_that_fail():
    held = networks(lambda n, p, seed: 0.0, lambda n, p, seed: 0.3 + p)
    assert smallest_bound("m", held).values == (0.3,)
    of_two = [replace(it, guess=0.5) for it in held]
    assert smallest_bound("m", of_two).values == (0.6,), "a guess of two classes errs at 1/2"
    assert broken_bounds("m", held).values == (0.0,)
    wrong = networks(lambda n, p, seed: 0.0, lambda n, p, seed: 0.3)
    assert broken_bounds("m", wrong).values == (pytest.approx(2 / 3),)
    two = [*wrong[-2:], *(replace(it, bound=None) for it in wrong[:-2])]
    assert broken_bounds("m", two).values == (1.0,), "networks without a bound do not dilute it"


def test_invariance_is_relative_to_the_larger_value():
    assert invariance("m", [(2.0, 2.0), (1.0, 4.0)]).values == (0.75,)
    assert invariance("m", [(0.0, 0.0)]).values == (0.0,)
