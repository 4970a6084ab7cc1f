"""2.2-weakest: the weakest stability is the generalisation gap, and it sees the labels.

On-average replace-one stability: how much the loss at an example rises if that example is replaced,
in the mean over samples and examples. Its expectation is the gap (Shalev-Shwartz et al. 2010). The
loss is the probability of a wrong answer. The trainings are those of 2.2-stability-fails: fast: 18
samples of 64 to 256 digits; cpu_full: 12 samples of 500 to 4,000 images of CIFAR-10.
"""

import pytest

from claims.section2_capacity.recipes import (
    CIFAR10_SIZES,
    DIGITS_SIZES,
    samples_of_cifar10,
    samples_of_digits,
)
from harness import capacity
from harness.evidence import AtLeast, Equivalent, mean_over
from harness.plugin.experiments import experiments

SAMPLES = "samples: images, labels, orders, weights"
EQUAL = Equivalent(
    0.0,
    0.25,
    source="Shalev-Shwartz et al. 2010, lemma 11; half of the gap 1/2 of a memoriser of signs",
)


def over_sizes(samples, sizes, setting):
    return [recipe for n in sizes for recipe in samples(setting, n)]


RANDOM = {
    "fast": over_sizes(samples_of_digits, DIGITS_SIZES, "random-signs"),
    "cpu_full": over_sizes(samples_of_cifar10, CIFAR10_SIZES, "random-signs"),
}


def judge_equality(judge, name, runs, shift=0):
    off = [
        capacity.on_average_stability(sample, shift) - capacity.generalization_gap(sample[0])
        for sample in capacity.samples_of(runs)
    ]
    judge(mean_over(f"{name} minus the gap", off, "loss", SAMPLES, runs), EQUAL)


@pytest.mark.claim("2.2-weakest")
@experiments(**{tier: {"random-labels": recipes} for tier, recipes in RANDOM.items()})
def test_stability_in_the_mean_is_the_generalisation_gap(runs, judge):
    judge_equality(judge, "random labels: rise of the loss at the replaced example", runs.all)


@pytest.mark.control("2.2-weakest")
@experiments(fast={"random-labels": RANDOM["fast"]})
def test_at_another_example_it_is_not(runs, judge):
    judge_equality(judge, "rise of the loss at the next example", runs.all, shift=1)


# --- It sees the labels ----------------------------------------------------------------------

MORE = AtLeast(
    0.25, source="Section 2.2: it takes the data into account; half of a memoriser's 1/2 on signs"
)
BOTH_ON_DIGITS = {
    "random labels": RANDOM["fast"],
    "true labels": over_sizes(samples_of_digits, DIGITS_SIZES, "two-groups"),
}


def judge_labels(judge, name, runs, shift=0):
    random, true = (
        [capacity.on_average_stability(sample, shift) for sample in capacity.samples_of(it)]
        for it in (runs["random labels"], runs["true labels"])
    )
    differences = [one - other for one, other in zip(random, true, strict=True)]
    judge(mean_over(f"{name}, random minus true", differences, "loss", SAMPLES, runs.all), MORE)


@pytest.mark.claim("2.2-weakest")
@experiments(
    fast={"digits": BOTH_ON_DIGITS},
    cpu_full={
        "cifar10": {
            "random labels": over_sizes(samples_of_cifar10, (500, 2_000), "random-signs"),
            "true labels": over_sizes(samples_of_cifar10, (500, 2_000), "two-groups"),
        }
    },
)
def test_it_is_larger_on_random_labels(runs, judge):
    judge_labels(judge, "rise of the loss at the replaced example", runs)


@pytest.mark.control("2.2-weakest")
@experiments(fast={"digits": BOTH_ON_DIGITS})
def test_at_another_example_it_does_not_see_the_labels(runs, judge):
    judge_labels(judge, "rise of the loss at the next example", runs, shift=1)
