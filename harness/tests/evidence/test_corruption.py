"""Measurements over corruption levels, and those of section 3, on runs written by hand."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kendalltau

from harness.errors import HarnessError
from harness.evidence import (
    MoreThan,
    accuracy_as_drawn,
    corruption_cost,
    difference_in_loss,
    epochs_to_converge,
    epochs_to_fit,
    error_as_drawn,
    gain_of_early_stopping,
    online_accuracy,
    published_at,
    published_roughness,
    roughness_of,
    roughness_ratio,
    slowdown,
    slowdown_over,
    spread_between_and_within,
    trend,
)
from harness.evidence.corruption import noise_after_signal
from harness.evidence.statistics import (
    clopper_pearson,
    kendall_interval,
)
from harness.tests.evidence_helpers import trained

TOTAL = 1_000


def run(online=(0.5, 1.0), test=(0.5,), corrupted=0, validation=(), **facts):
    return trained(
        online_accuracy=online,
        test_accuracy=test,
        validation_accuracy=validation,
        test_correct=round((test[-1] or 0) * TOTAL),
        corrupted_test_correct=corrupted,
        **facts,
    )


def fits_after(epochs):
    return run(online=[0.5] * (epochs - 1) + [0.995, 1.0])


# --- time to fit ---------------------------------------------------------------------------------


def test_a_network_has_fitted_when_its_batches_are_99_percent_right():
    assert epochs_to_fit(run(online=[0.5, 0.9899, 0.99, 0.98])) == 3
    assert epochs_to_fit(run(online=[0.5, 0.98])) == math.inf
    assert math.isnan(epochs_to_fit(run(online=[1.0], diverged=True)))


def test_a_network_has_converged_when_it_is_near_where_it_ends():
    assert epochs_to_converge(run(online=[0.5, 0.9, 0.983, 0.98, 0.99])) == 3
    assert epochs_to_converge(run(online=[0.5, 0.98])) == math.inf
    assert math.isnan(epochs_to_converge(run(online=[1.0], diverged=True)))


def test_noise_is_fitted_so_many_times_as_late_as_signal():
    def half_after(signal, noise):
        intact, corrupted = ([0.2] * (epochs - 1) + [0.5, 1.0] for epochs in (signal, noise))
        return run(online_accuracy_intact=intact, online_accuracy_corrupted=corrupted)

    measured = noise_after_signal("n", [half_after(2, 20), half_after(4, 8)])
    assert measured.values == (10.0, 2.0)
    assert math.isnan(noise_after_signal("n", [half_after(2, 2), run(online=[0.3])]).values[1])


def test_a_slowdown_is_a_ratio_of_geometric_means():
    slow, fast = [fits_after(n) for n in (20, 40, 80)], [fits_after(n) for n in (5, 10, 10, 20)]
    assert slowdown("x", slow, fast).values == pytest.approx((2.0, 4.0, 8.0))
    one = slowdown("x", slow[:1], [fits_after(10)])
    assert one.interval == pytest.approx((19 / 10, 20 / 9))
    never = slowdown("x", [run(online=[0.5])], [fits_after(10)])
    assert never.values == (math.inf,) and not never.is_finite
    assert math.isnan(slowdown("x", slow[:1], [run(online=[0.5])]).values[0])
    assert math.isnan(slowdown("x", slow, [run(online=[1.0], diverged=True)]).values[0])


def test_a_slowdown_over_networks_is_a_geometric_mean_whose_interval_covers_the_truth():
    pairs = {
        "many": ([fits_after(n) for n in (40, 40)], [fits_after(n) for n in (10, 10)]),
        "one": ([fits_after(9)], [fits_after(9)]),
    }
    measured = slowdown_over("x", pairs, epochs_to_fit)
    assert measured.values == pytest.approx((2.0,)) and measured.note == "many 4, one 1"
    pairs["never"] = ([run(online=[0.5])], [fits_after(9)])
    assert not slowdown_over("x", pairs, epochs_to_fit).is_finite
    generator, covered = np.random.default_rng(0), 0
    for _ in range(200):
        drawn = {
            name: [
                [fits_after(round(np.exp(generator.normal(at, 0.2)))) for _ in range(number)]
                for at in middles
            ]
            for name, number, middles in (("a", 5, (5, 4)), ("b", 1, (6, 5)), ("c", 1, (6.5, 3.5)))
        }
        low, high = slowdown_over("x", drawn, epochs_to_fit).interval
        covered += low <= np.exp((1 + 1 + 3) / 3) <= high
    assert 0.91 < covered / 200 < 0.99


def test_a_trend_is_kendalls_tau_over_all_runs():
    rising = trend("x", {0.0: [1, 2], 0.5: [3, 4], 1.0: [5, math.inf]}, [])
    levels, values = [0, 0, 0.5, 0.5, 1, 1], [1, 2, 3, 4, 5, 6]
    assert rising.values[0] == pytest.approx(kendalltau(levels, values).statistic)
    low, high = rising.interval
    assert 0 < low < rising.values[0] <= high < 1
    falling = trend("x", {1 - level: [v] * 2 for level, v in ((0, 1), (0.5, 2), (1, 3))}, [])
    assert falling.values[0] == pytest.approx(-1) and falling.interval[1] < 0
    flat = trend("x", {0.0: [1, 1, 1], 1.0: [1, 1]}, [])
    assert flat.values == (0.0,) and flat.interval == (0.0, 0.0)
    with pytest.raises(HarnessError, match="a trend needs 5 runs at least, and these are 4"):
        trend("x", {0.0: [1, 2], 1.0: [3, 4]}, [])
    assert not trend("x", {0.0: [1, math.nan, 1], 1.0: [1, 1]}, []).is_finite


def test_a_trend_over_levels_of_one_seed_says_so():
    """Kendall's interval takes runs as independent."""
    times = {level: [10 + level] for level in (0.0, 0.25, 0.5, 0.75, 1.0)}
    replicated = [
        trend("x", times, [run(seed=seed) for seed in seeds]).replicated
        for seeds in ([0] * 5, range(5), [])
    ]
    assert replicated == ["runs: 5 at 5 levels, all of one seed", *["runs: 5 at 5 levels"] * 2]


@pytest.mark.parametrize(("levels", "in_order"), [(5, 0), (6, 1)])
def test_curves_in_no_order_are_hardly_ever_a_trend(levels, in_order):
    """Of all orders of a curve's points, those whose interval is above a tau of one half: of five
    points none, and of six the one that rises throughout.
    """
    found = sum(
        kendall_interval(range(levels), order)[1][0] >= 0.5 for order in permutations(range(levels))
    )
    assert found == in_order


# --- Figure 1c -----------------------------------------------------------------------------------


def test_the_error_as_drawn_is_against_corrupted_labels_between_the_ends():
    asked = {"label_corruption": 0.5, "score_corrupted_test": True}
    assert error_as_drawn(run(test=[0.8], corrupted=450, **asked)) == pytest.approx(0.55)
    assert error_as_drawn(run(test=[0.8], corrupted=450)) == pytest.approx(0.2)
    assert error_as_drawn(run(test=[0.1], label_corruption=1.0)) == pytest.approx(0.9)
    assert math.isnan(error_as_drawn(run(diverged=True)))
    with pytest.raises(HarnessError, match="set score_corrupted_test=True"):
        error_as_drawn(run(label_corruption=0.5))
    measured = accuracy_as_drawn("x", [run(test=[0.8], corrupted=450, **asked)])
    assert measured.values == pytest.approx((0.45,)) and measured.images == TOTAL
    assert measured.interval[0] < 0.45 < measured.interval[1]


def test_published_points_are_those_of_the_figure():
    assert published_at("fig1b", "Inception", 1.0).value == 3.6
    assert published_at("fig1c", "MLP 1x512", 0.0).unit == "share"
    with pytest.raises(KeyError):
        published_at("fig1c", "MLP 1x512", 0.25)


# --- section 3 -----------------------------------------------------------------------------------


def test_early_stopping_is_chosen_on_held_out_images_and_not_on_the_test_set():
    it = run(
        online=[1] * 4,
        test=[0.5, 0.7, 0.9, 0.6],
        validation=[0.4, 0.8, 0.7, 0.6],
        validation_size=10,
    )
    assert gain_of_early_stopping("x", [it]).values == pytest.approx((0.1,))


def test_online_accuracy_is_that_of_the_last_ten_epochs():
    it = run(online=[0.0] * 5 + [0.9] * 5 + [1.0] * 5)
    measured = online_accuracy("x", [it])
    assert measured.values == pytest.approx((0.95,))
    assert measured.interval == pytest.approx(clopper_pearson(243, 256))


def test_weight_decay_helps_where_every_loss_is_lower_with_it():
    """In the last epoch that both of a pair reached."""
    plain = [run(loss=[2.0, last, 0.0]) for last in (0.5, 0.6, 0.7)]
    decayed = [run(loss=[2.0, last]) for last in (0.4, 0.4, 0.4)]
    helps = MoreThan(0.0, source="s")
    measured = difference_in_loss("x", plain, decayed)
    assert measured.values == pytest.approx((0.1, 0.2, 0.3))
    assert helps.verdict(measured) == "inconclusive"  # Three pairs that differ so much.
    decayed = [run(loss=[2.0, last]) for last in (0.3, 0.41, 0.5)]
    assert helps.verdict(difference_in_loss("x", plain, decayed)) == "supported"
    assert helps.verdict(difference_in_loss("x", decayed, plain)) == "refuted"


def test_roughness_is_the_mean_second_difference():
    assert roughness_of([0.1, 0.2, 0.3, 0.4]) == pytest.approx(0)
    assert roughness_of([0.0, 0.1, 0.0, 0.1]) == pytest.approx(0.2)
    with pytest.raises(HarnessError, match="value at every epoch, three at least"):
        roughness_of([0.1, None, 0.3])
    uneven = run(test=[0.1, 0.2, 0.1, 0.3])
    assert not roughness_ratio("x", [run(diverged=True)], [uneven]).is_finite
    assert (
        published_roughness("test Inception").value
        < published_roughness("test Inception w/o BN").value
    )


def test_the_spread_between_networks_is_without_regularisers_and_that_within_with():
    rows = {
        "a": [run(test=[0.85]), run(test=[0.89])],
        "b": [run(test=[0.50]), run(test=[0.51])],
        "c": [run(test=[0.70])],
    }
    difference, within = spread_between_and_within("x", rows)
    assert difference.values == pytest.approx((0.35 - 0.04,))
    assert within.values == pytest.approx((0.04,))
    assert difference.interval[0] < 0.31 < difference.interval[1]
    rows["b"][1] = replace(rows["b"][1], outcome=run(diverged=True).outcome)
    assert not spread_between_and_within("x", rows)[0].is_finite


def test_what_corrupted_labels_cost_is_nought_where_chance_alone_counts():
    asked = {"label_corruption": 0.5, "score_corrupted_test": True}
    # 800 of 1,000 right: 800 * 0.55 + 200 * 0.05 count against labels corrupted at one half.
    measured = corruption_cost("x", [run(test=[0.8], corrupted=450, **asked)])
    assert measured.mean == pytest.approx(0)
    low, high = measured.interval
    assert high == pytest.approx(-low) and 0.02 < high < 0.04
    assert corruption_cost("x", [run(test=[0.8], corrupted=800, **asked)]).mean > 0.3
    with pytest.raises(HarnessError, match="nothing was measured"):
        corruption_cost("x", [])
