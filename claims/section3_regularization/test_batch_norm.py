"""3.1-batchnorm: it steadies the training, and adds a few points of test accuracy.

The Inception with BatchNorm and without, true labels. cpu_full: 256 digits, 6 seeds, for the
curves. gpu_full: all of CIFAR-10, 1 seed, against Table 1 and Figure 2b.
"""

import math
from dataclasses import replace

import pytest

from claims.section2_capacity.recipes import on_digits, table1
from claims.section3_regularization.recipes import table_1
from harness.evidence import (
    AtLeast,
    Equals,
    difference_in_accuracy,
    published_roughness,
    roughness_ratio,
    tolerance,
)
from harness.plugin.experiments import experiments

WITH, WITHOUT = "inception", "inception-without-batchnorm"
ON_CIFAR10 = {"cifar10": {WITH: [table_1(WITH)], WITHOUT: [table_1(WITHOUT)]}}


GAIN = table1(WITH, "test") - table1(WITHOUT, "test")
ALLOWED = tolerance(table1(WITH, "test"), table1(WITHOUT, "test"))


def judge_gain(judge, measured):
    """The gain of Table 1. One pair on digits has it to 20 points, and is not judged."""
    check = Equals(GAIN.value, f"{GAIN.where}; tolerance: {ALLOWED.where}", ALLOWED.value)
    judge(measured, check, GAIN, otherwise=0.0)


@pytest.mark.claim("3.1-batchnorm")
@experiments(gpu_full=ON_CIFAR10)
def test_batch_norm_adds_a_few_points(runs, judge):
    name = "Inception: test accuracy with BatchNorm minus without"
    judge_gain(judge, difference_in_accuracy(name, runs[WITH], runs[WITHOUT]))


@pytest.mark.control("3.1-batchnorm")
@experiments(
    cpu_full={
        "random-labels-without": {
            WITH: [on_digits(WITH, "true-labels")],
            WITHOUT: [on_digits(WITHOUT, "random-labels")],
        }
    }
)
def test_a_network_that_cannot_do_without_is_noticed(runs, judge):
    """Random labels for the network without BatchNorm."""
    name = "Inception: test accuracy with BatchNorm minus random labels without"
    measured = difference_in_accuracy(name, runs[WITH], runs[WITHOUT])
    judge_gain(judge, measured)


CURVES = {WITH: "test Inception", WITHOUT: "test Inception w/o BN"}
SMOOTH, ROUGH = (published_roughness(CURVES[network]) for network in (WITH, WITHOUT))
ROUGHER = ROUGH / SMOOTH


def judge_roughness(judge, name, runs, published=None):
    name = f"{name}: roughness of the test curve, without BatchNorm over with"
    judge(
        roughness_ratio(name, runs[WITHOUT], runs[WITH]),
        AtLeast(
            math.sqrt(ROUGHER.value),
            source=f"midway, on a scale of ratios, between 1 and {ROUGHER.where}",
        ),
        published,
        otherwise=1.0,
    )


@pytest.mark.claim("3.1-batchnorm")
@experiments(gpu_full=ON_CIFAR10)
def test_the_curve_is_rougher_without_batch_norm(runs, judge):
    """In spite of a tenth of the learning rate, which smooths the curve without BatchNorm."""
    judge_roughness(judge, "CIFAR-10", runs, ROUGHER)


@pytest.mark.control("3.1-batchnorm")
@experiments(
    gpu_full={
        "tenth-of-the-rate": {
            WITH: [table_1(WITH)],
            WITHOUT: [replace(table_1(WITH), learning_rate=table_1(WITH).learning_rate / 10)],
        }
    }
)
def test_the_curve_is_not_rougher_with_batch_norm_at_a_tenth_of_the_rate(runs, judge):
    judge_roughness(judge, "CIFAR-10, with BatchNorm at a tenth of the rate over with it", runs)


def at_one_rate(network, rate=0.003):
    """Learning rate 0.003, at which both train on digits; 30 epochs."""
    to_the_end = {"epochs": 30, "evaluation": "test every epoch", "stop_at_zero_error": False}
    return [
        on_digits(network, "true-labels", seed, learning_rate=rate, **to_the_end)
        for seed in range(6)
    ]


NOT_ON_DIGITS = (
    "on 256 digits the curve without BatchNorm is 0.77 times as rough (0.49 to 1.09, 6 seeds), both"
    " at a learning rate of 0.003. There an epoch has two steps, and BatchNorm's running averages"
    " may add to the roughness of the curve with it"
)


@pytest.mark.claim("3.1-batchnorm")
@experiments(
    cpu_full={"digits": {it: at_one_rate(it) for it in (WITH, WITHOUT)}},
    known={"cpu_full-digits": NOT_ON_DIGITS},
)
def test_the_curve_is_rougher_without_batch_norm_at_the_same_rate(runs, judge):
    """Here at reduced scale: 256 digits, 6 seeds."""
    judge_roughness(judge, "digits", runs)
