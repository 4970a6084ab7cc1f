"""A measurement has a value a run, an interval that says what is replicated, and its runs' keys."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.evidence import (
    AtLeast,
    AtMost,
    Equivalent,
    MoreThan,
    accuracy,
    correlation_with_signs,
    difference_in_steps,
    epochs_of_descent,
    exact,
    log_log_slope,
    mean_over,
)
from harness.evidence.statistics import accuracy_interval, clopper_pearson
from harness.tests.evidence_helpers import trained

EPOCH = 2
"""Steps an epoch: 256 images in batches of 128."""


def fake_run(losses=(2.0, 0.5), *, train=256, test=100, **facts):
    """A run with these losses, an epoch each, and these counts of correct answers."""
    return trained(loss=losses, train_correct=train, test_correct=test, **facts)


def test_accuracies_are_shares_of_their_part():
    runs = [
        fake_run(train=256, test=90, key="a"),
        fake_run(train=192, test=110, key="b", seconds=2.5),
    ]
    train, test = accuracy("train", runs, "train"), accuracy("test", runs, "test")
    assert train.values == (1.0, 0.75)
    assert test.values == (0.09, 0.11)
    assert train.interval == accuracy_interval([256, 192], [256, 256])
    assert test.interval == accuracy_interval([90, 110], [1000, 1000])
    assert (train.images, test.images, train.unit) == (256, 1000, "share")
    assert (train.runs, train.seconds, train.mean) == (("a", "b"), 3.5, 0.875)


def test_one_diverged_run_makes_an_accuracy_not_finite():
    measured = accuracy("train", [fake_run(), fake_run(diverged=True)], "train")
    assert measured.values[0] == 1.0
    assert math.isnan(measured.values[1])
    assert not measured.is_finite
    assert all(map(math.isnan, measured.interval)), "no interval is claimed"
    assert AtMost(1.0, "anything holds").verdict(measured) == "refuted"


def test_exact_values_have_no_width_but_their_own():
    assert exact("count", [3], "things").interval == (3, 3)
    measured = exact("count", iter([3, 1, 2]), "things", [fake_run(key="a")])
    assert (measured.values, measured.interval) == ((3, 1, 2), (1, 3))
    assert (measured.runs, measured.replicated) == (("a",), "")


@pytest.mark.parametrize(
    "measure",
    [
        lambda: exact("it", [], ""),
        lambda: accuracy("it", [], "train"),
        lambda: difference_in_steps("it", [], [], 1.0),
        lambda: epochs_of_descent("it", [], 2.0, 1.0),
        lambda: correlation_with_signs("it", []),
    ],
    ids=["exact", "accuracy", "difference", "descent", "correlation"],
)
def test_a_measurement_of_nothing_is_refused(measure):
    with pytest.raises(HarnessError, match="it: nothing was measured"):
        measure()


def test_a_difference_in_steps_is_as_wide_as_the_epochs_of_its_crossings():
    late, soon = fake_run([2.3, 2.0, 0.9], key="late"), fake_run([0.9], key="soon")
    measured = difference_in_steps("later", [late], [soon], level=1.0)
    assert measured.values == (3 * EPOCH - EPOCH,)
    assert measured.interval == (4 - EPOCH, 4 + EPOCH)
    assert (measured.unit, measured.runs) == ("steps", ("late", "soon"))
    assert AtLeast(0.0, "").verdict(measured) == "supported"
    swapped = difference_in_steps("sooner", [soon], [late], level=1.0)
    assert AtLeast(0.0, "").verdict(swapped) == "refuted"


def test_crossings_in_neighbouring_epochs_decide_only_that_none_is_later():
    late, soon = fake_run([2.0, 0.9]), fake_run([0.9])
    measured = difference_in_steps("later", [late], [soon], level=1.0)
    assert measured.interval == (0, 2 * EPOCH)
    assert MoreThan(0.0, "").verdict(measured) == "inconclusive"
    at, below = fake_run([1.0, 0.5]), fake_run([0.999])
    assert difference_in_steps("", [at], [below], level=1.0).values == (EPOCH,), "below, not at"


@pytest.mark.parametrize(
    ("late", "soon", "value"),
    [
        (fake_run([2.0, 2.0]), fake_run([0.9]), math.inf),
        (fake_run([0.9]), fake_run([2.0, 2.0]), math.nan),
        (fake_run([2.0, 0.9], diverged=True), fake_run([0.9]), math.inf),
        (fake_run([2.0, 0.9]), fake_run([0.9], diverged=True), math.nan),
    ],
    ids=["never", "no start", "diverged", "start diverged"],
)
def test_a_run_that_never_gets_there_supports_nothing(late, soon, value):
    measured = difference_in_steps("later", [fake_run([2.0, 0.9]), late], [soon, soon], level=1.0)
    np.testing.assert_equal(measured.values[1], value)
    assert all(map(math.isnan, measured.interval))
    for check in (AtLeast(0.0, ""), AtMost(1e9, "")):
        assert check.verdict(measured) == "refuted"


def stepwise(losses, **options):
    """A short run, whose loss is known at every step."""
    means = [sum(losses[i : i + EPOCH]) / EPOCH for i in range(0, len(losses), EPOCH)]
    run = fake_run(means, **options)
    run.outcome.first_losses = list(losses)
    return run


def test_a_short_run_is_known_to_a_step_averaged_over_an_epoch():
    late, soon = stepwise([2.0, 2.0, 2.0, 0.9, 0.7, 0.7]), stepwise([0.9, 0.9])
    # Of one recipe they would start with one loss.
    soon = replace(soon, recipe=replace(soon.recipe, inputs="gaussian"))
    measured = difference_in_steps("later", [late], [soon], level=1.0)
    # The mean of steps 3 and 4 is 1.45, that of steps 4 and 5 is 0.8: 0.45 / 0.65 of the way.
    crossed = 4 + 0.45 / 0.65
    assert measured.values == (pytest.approx(crossed - 2),), "the first two steps are below 1"
    assert measured.interval == (pytest.approx(crossed - 3), pytest.approx(crossed - 1))
    assert "one run" in measured.replicated


def test_a_descent_is_counted_in_epochs_between_two_levels():
    run = fake_run([2.3, 2.1, 1.5, 1.2, 0.4])
    measured = epochs_of_descent("descent", [run], start=2.2, end=0.5)
    assert (measured.values, measured.interval, measured.unit) == ((3.0,), (2.0, 4.0), "epochs")


@pytest.mark.parametrize(
    "run", [fake_run([2.3, 2.1, 1.0]), fake_run([2.1, 0.4], diverged=True)], ids=["never", "NaN"]
)
def test_an_endless_descent_is_not_quick(run):
    measured = epochs_of_descent("descent", [run], start=2.2, end=0.5)
    assert measured.values == (math.inf,)
    assert measured.diverged == run.diverged
    assert AtMost(1e9, "").verdict(measured) == "refuted"


# --- Replicates ------------------------------------------------------------------------------


def test_one_value_has_no_interval_and_one_that_is_no_number_refutes():
    with pytest.raises(HarnessError, match="a: 1 values have no interval; give at least two"):
        mean_over("a", [1.0], "", "")
    broken = mean_over("a", [1.0, math.nan], "", "")
    assert AtLeast(0.5, source="s").verdict(broken) == "refuted"


def signs(correct, setting="random-signs", **facts):
    return trained(setting, key=f"key {correct}", train_correct=correct, **facts)


def test_a_correlation_is_twice_the_accuracy_less_one_with_the_accuracys_interval():
    measured = correlation_with_signs("c", [signs(256), signs(255)])
    assert measured.values == pytest.approx((1.0, 2 * 255 / 256 - 1))
    low, high = measured.interval
    assert low <= 2 * clopper_pearson(511, 512)[0] - 1 and high == pytest.approx(1.0)
    assert AtLeast(0.99, source="s").verdict(correlation_with_signs("c", [signs(253)] * 9)) == (
        "refuted"
    )


def test_a_run_that_diverged_has_no_correlation():
    measured = correlation_with_signs("c", [signs(256), signs(0, diverged=True)])
    assert measured.diverged and "diverged" in measured.note
    assert AtLeast(0.99, source="s").verdict(measured) == "refuted"


@pytest.mark.parametrize("setting", ["true-labels", "random-labels", "two-groups"])
def test_other_labels_than_random_signs_are_refused(setting):
    with pytest.raises(HarnessError, match="has other labels than random signs; take labels='two"):
        correlation_with_signs("c", [signs(256, setting)])


def test_a_slope_is_the_exponent():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    measured = log_log_slope("s", x, [3 * x**-1.0, 5 * x**-0.9, x**-1.1], "points")
    assert measured.values == pytest.approx((-1.0, -0.9, -1.1))
    check = Equivalent(-1, 0.3, source="s")
    assert check.verdict(measured) == "supported"
    flat = log_log_slope("s", x, [x**0.0, x**0.01], "points")
    assert check.verdict(flat) == "refuted"
    with pytest.raises(HarnessError, match="s: a slope takes values above 0; the least is 0"):
        log_log_slope("s", [1, 2], [[1, 0], [1, 1]], "")


def test_departures_are_shown_with_the_measurement():
    strange = fake_run()
    strange = replace(strange, recipe=replace(strange.recipe, model="inception-without-batchnorm"))
    assert "standardised filters" in accuracy("a", [strange], "train").note
