"""One policy of tolerances: what two runs keep to and the printed digits, on either side."""

import numpy as np
import pytest

from harness.evidence import Measurement, published_at, published_row
from harness.evidence.tolerances import (
    REPEATED,
    compared,
    nearest,
    no_higher,
    no_lower,
    reproduced,
    tolerance,
    variance_ratio,
)

PLAIN = {"labels": "true", "random_crop": False, "weight_decay": False}


def table1(field, model="MLP 1x512", **row):
    return published_row("table1_cifar10", field, model=model, **{**PLAIN, **row})


def table3(preprocessing, field="test_error", dataset="MNIST"):
    return published_row("table3_kernels", field, dataset=dataset, preprocessing=preprocessing)


RANDOM = published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")


def test_two_runs_differ_by_no_more_than_the_tolerance_in_19_of_20_pairs():
    """Simulated with the spread that our repetitions have."""
    number = table1("test")
    spread = np.sqrt(
        variance_ratio(("test", "other"))[0] * number.value * (1 - number.value) / 10_000
    )
    pairs = np.random.default_rng(1).normal(number.value, spread, (100_000, 2))
    within = np.abs(pairs[:, 0] - pairs[:, 1]) <= tolerance(number).value - number.digit / 2
    assert 0.95 < within.mean() < 0.98  # Student's quantile: the spread is itself estimated.


def test_our_repetitions_scatter_a_little_less_than_independent_images():
    for kind in REPEATED:
        ratio, freedom = variance_ratio(kind)
        assert 0.2 < ratio < 1.2 and freedom > 5


@pytest.mark.parametrize(
    ("number", "value", "words"),
    [
        (table1("test"), 0.5132, "reproduced"),
        (table1("test", weight_decay=True), 0.5214, "better"),
        (table1("test"), 0.49, "differs"),
        (table1("train"), 0.9996, "reproduced"),  # printed as 100.0
        (table1("train"), 0.9994, "differs"),
        (RANDOM, 0.9934, "reproduced"),
        (RANDOM, 0.9925, "reproduced"),
        (RANDOM, 0.992, "differs"),
        (table3("none"), 0.0122, "reproduced"),  # printed as 1.2
        (table3("gabor filters"), 0.0042, "better"),
        (table3("none", dataset="CIFAR10"), 0.4335, "better"),
        (table3("none"), 0.0130, "differs"),
        (table3("none", "solution_norm"), 145.1, "differs"),
        (table3("gabor filters", "solution_norm"), 390.4, "reproduced"),
    ],
)
def test_a_number_is_reproduced_better_or_neither(number, value, words):
    assert compared(value, number) == words
    measured = Measurement("x", (value,), number.unit, (value, value), "")
    expected = "supported" if words == "reproduced" else "refuted"
    assert reproduced(number).verdict(measured) == expected


def test_an_exact_repetition_passes_every_check_of_a_claim():
    """99.93 % of Table 4 did not, when its interval had to lie above 99.93 %."""
    table = "table4_random_labels_despite_regularizers_cifar10"
    number = published_row(table, "train", model="Inception", regularizer="random cropping")
    exactly = Measurement("x", (number.value,), "share", (0.9990, 0.9996), "images")
    assert no_lower(number).verdict(exactly) == "supported"
    test = table1("test")
    again = Measurement("x", (test.value,), "share", (0.51, 0.53), "images")
    assert no_lower(test).verdict(again) == "supported", "an interval would count chance twice"
    error = table3("none")
    assert no_higher(error).value == pytest.approx(error.value + 0.0005)


def test_a_difference_has_both_tolerances_and_corrupted_test_labels_are_drawn_anew():
    one, other = table1("test", "Inception"), table1("test", "Inception w/o BatchNorm")
    both = tolerance(one, other).value
    assert max(tolerance(one).value, tolerance(other).value) < both < 0.015
    assert tolerance(published_at("fig1c", "MLP 1x512", 0.3)).value > 0.013


def test_the_nearest_of_other_numbers_is_what_must_be_told_apart():
    rows = [table1("test", model) for model in ("Inception", "MLP 3x512", "Alexnet")]
    assert nearest(table1("test"), rows) == table1("test", "MLP 3x512")
