"""Measurements over replicates: their intervals, and what has none."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from harness.errors import HarnessError
from harness.evidence import AtLeast, Equivalent, correlation_with_signs, log_log_slope, mean_over
from harness.evidence.statistics import clopper_pearson
from harness.runs.run import Run
from harness.training.outcome import Curve, Outcome
from harness.training.protocol import paper_recipe


def run(correct, total=256, setting="random-signs", status="finished"):
    outcome = Outcome(status, Curve([1], [0.1]), correct, total, 0, 1, [], "", "", None)
    recipe = paper_recipe("mlp-1x16", "digits", setting, train_size=total)
    return Run(f"key {correct}", recipe, outcome, "fp32", "cpu", 2.0, "", {})


def test_a_mean_has_students_interval():
    values = [0.1, 0.4, 0.2, 0.7]
    measured = mean_over("a", values, "loss", "replacements", [run(1)])
    t = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert measured.interval == pytest.approx(t)
    assert (measured.values, measured.unit) == (tuple(values), "loss")
    assert (measured.replicated, measured.runs, measured.seconds) == ("replacements", ("key 1",), 2)


def test_one_value_has_no_interval_and_one_that_is_no_number_refutes():
    with pytest.raises(HarnessError, match="a: 1 values have no interval; give at least two"):
        mean_over("a", [1.0], "", "")
    broken = mean_over("a", [1.0, math.nan], "", "")
    assert AtLeast(0.5, source="s").verdict(broken) == "refuted"


def test_a_correlation_is_twice_the_accuracy_less_one_with_the_accuracys_interval():
    measured = correlation_with_signs("c", [run(256), run(255)])
    assert measured.values == pytest.approx((1.0, 2 * 255 / 256 - 1))
    low, high = measured.interval
    binomial = clopper_pearson(511, 512)
    assert low <= 2 * binomial[0] - 1 and high == pytest.approx(1.0)
    assert measured.replicated.startswith("sign vectors")


def test_runs_that_fit_every_sign_get_no_narrower_interval_than_the_binomial():
    measured = correlation_with_signs("c", [run(256)] * 20)
    assert measured.interval == pytest.approx((2 * clopper_pearson(5120, 5120)[0] - 1, 1.0))
    assert AtLeast(0.99, source="s").verdict(measured) == "supported"
    # 1 % of the signs lost: 0.98.
    assert (
        AtLeast(0.99, source="s").verdict(correlation_with_signs("c", [run(253)] * 20)) == "refuted"
    )


def test_a_run_that_diverged_has_no_correlation():
    measured = correlation_with_signs("c", [run(256), run(0, status="diverged")])
    assert measured.diverged and "diverged" in measured.note
    assert AtLeast(0.99, source="s").verdict(measured) == "refuted"


@pytest.mark.parametrize("setting", ["true-labels", "random-labels", "two-groups"])
def test_other_labels_than_random_signs_are_refused(setting):
    with pytest.raises(HarnessError, match="has other labels than random signs; take labels='two"):
        correlation_with_signs("c", [run(256, setting=setting)])
    with pytest.raises(HarnessError, match="no runs"):
        correlation_with_signs("c", [])


def test_a_slope_is_the_exponent():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    measured = log_log_slope("s", x, [3 * x**-1.0, 5 * x**-0.9, x**-1.1], "points")
    assert measured.values == pytest.approx((-1.0, -0.9, -1.1))
    assert measured.interval == pytest.approx(
        stats.t.interval(0.95, 2, -1, stats.sem([-1, -0.9, -1.1]))
    )
    check = Equivalent(-1, 0.3, source="s")
    assert check.verdict(measured) == "supported"
    flat = log_log_slope("s", x, [x**0.0, x**0.01], "points")
    assert check.verdict(flat) == "refuted"


def test_a_slope_of_zeros_is_refused():
    with pytest.raises(HarnessError, match="s: a slope takes values above 0; the least is 0"):
        log_log_slope("s", [1, 2], [[1, 0], [1, 1]], "")


def test_departures_are_shown_with_the_measurement():
    strange = run(256)
    strange = replace(strange, recipe=replace(strange.recipe, model="inception-without-batchnorm"))
    assert "standardised filters" in correlation_with_signs("c", [strange]).note
