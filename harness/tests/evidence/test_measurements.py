"""A measurement has a value a run, an interval that says what is replicated, and its runs' keys."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.evidence import (
    AtLeast,
    AtMost,
    MoreThan,
    accuracy,
    difference_in_steps,
    epochs_of_descent,
    exact,
)
from harness.evidence.statistics import accuracy_interval, t_interval
from harness.runs.run import Run
from harness.training.outcome import Curve, Outcome
from harness.training.recipe import Recipe

EPOCH = 2
"""Steps an epoch: 256 images in batches of 128."""


def fake_run(losses=(2.0, 0.5), *, train=256, test=100, diverged=False, key="k", seconds=1.0):
    """A finished run with these losses, an epoch each, and these counts of correct answers."""
    curve = Curve(step=[EPOCH * (i + 1) for i in range(len(losses))], loss=list(losses))
    outcome = Outcome(
        status="diverged" if diverged else "finished",
        curve=curve,
        train_correct=train,
        train_total=256,
        test_correct=test,
        test_total=1000,
        first_losses=[],
        label_digest="",
        order_digest="",
        epochs_to_fit=None,
    )
    recipe = Recipe(model="mlp-1x16", dataset="digits", train_size=256)
    assert recipe.steps_per_epoch == EPOCH
    return Run(key, recipe, outcome, "fp32", "cpu", seconds, "", {})


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


def test_an_accuracy_says_what_is_replicated():
    assert accuracy("one", [fake_run()], "test").replicated == "images within a run"
    assert "runs" in accuracy("two", [fake_run(), fake_run()], "test").replicated


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
    ],
    ids=["exact", "accuracy", "difference", "ratio"],
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
    assert AtLeast(1.0, "").verdict(measured) == "inconclusive"


def test_a_crossing_is_below_the_level_not_at_it():
    at, below = fake_run([1.0, 0.5]), fake_run([0.999])
    assert difference_in_steps("", [at], [below], level=1.0).values == (EPOCH,)


def test_several_pairs_widen_a_difference_to_students_interval():
    late = [fake_run([2.0] * epochs + [0.9]) for epochs in (2, 20, 40)]
    soon = [fake_run([0.9])] * 3
    measured = difference_in_steps("later", late, soon, level=1.0)
    assert measured.values == (4.0, 40.0, 80.0)
    low, high = t_interval([4.0, 40.0, 80.0])
    assert measured.interval == pytest.approx((low, high))
    assert (low, high) == pytest.approx((41.333 - 94.46, 41.333 + 94.46), abs=0.1)


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


def test_a_tie_is_not_before():
    late, soon = stepwise([2.0, 0.9, 0.9, 0.9]), stepwise([2.0, 0.9, 0.9, 0.9])
    measured = difference_in_steps("later", [late], [soon], level=1.0)
    assert MoreThan(0.0, "").verdict(measured) == "inconclusive"


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
