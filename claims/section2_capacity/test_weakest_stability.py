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
MORE = AtLeast(
    0.25, source="Section 2.2: it takes the data into account; half of a memoriser's 1/2 on signs"
)


def over_sizes(samples, random, true):
    return {
        "random labels": [recipe for n in random for recipe in samples("random-signs", n)],
        "true labels": [recipe for n in true for recipe in samples("two-groups", n)],
    }


ON_DIGITS = over_sizes(samples_of_digits, DIGITS_SIZES, DIGITS_SIZES)
ON_CIFAR10 = over_sizes(samples_of_cifar10, CIFAR10_SIZES, (500, 2_000))


def judge_stability(judge, name, runs, shift=0):
    """On random labels it is the gap; and it is larger there than on true ones."""
    rises = {}
    for labels, of_it in runs.items():
        for sample in capacity.samples_of(of_it):
            recipe, rise = sample[0].recipe, capacity.on_average_stability(sample, shift)
            rises[labels, recipe.images, recipe.seed] = rise, sample[0]
    random = {key[1:]: it for key, it in rises.items() if key[0] == "random labels"}
    off = [rise - capacity.generalization_gap(run) for rise, run in random.values()]
    signs = runs["random labels"]
    judge(
        mean_over(f"{name}, random labels, minus the gap", off, "loss", SAMPLES, signs),
        EQUAL,
        otherwise=0.5,
    )
    more = [
        random[key[1:]][0] - rise for key, (rise, _) in rises.items() if key[0] == "true labels"
    ]
    judge(
        mean_over(f"{name}, random minus true labels", more, "loss", SAMPLES, runs.all),
        MORE,
        otherwise=0.0,
    )


@pytest.mark.claim("2.2-weakest")
@experiments(fast={"digits": ON_DIGITS}, cpu_full={"cifar10": ON_CIFAR10})
def test_stability_in_the_mean_is_the_generalisation_gap(runs, judge):
    judge_stability(judge, "rise of the loss at the replaced example", runs)


@pytest.mark.control("2.2-weakest")
@experiments(fast={"digits": ON_DIGITS})
def test_at_another_example_it_is_not(runs, judge):
    judge_stability(judge, "rise of the loss at the next example", runs, shift=1)
