"""2.1-slowdown: random labels take longer to fit than true ones, by a small factor (Figure 1b).

fast: 256 digits; 8 seeds of MLP 1x512, 5 of MLP 3x512; at cpu_full the convolutional networks, too,
1 seed each. cpu_full, gpu_full: the networks of Figure 1b on all of CIFAR-10, 1 seed.

The factor depends on when a training counts as fitted. In Figure 1a the Inception's loss has a
slowdown of 3.6 below 0.05, and of 25 below half of its start. On subsets of CIFAR-10 there is none:
MLP 1x512 takes 234 steps for 2,048 true labels and 235 for random ones (fixtures/profiles).
"""

import pytest

from claims.section2_capacity.recipes import (
    DIGITS,
    FIGURE_1,
    MLPS,
    NETWORKS,
    SEEDS,
    on_cifar10,
    on_digits,
)
from claims.section3_regularization.recipes import dropped
from harness.evidence import (
    AtMost,
    epochs_to_converge,
    epochs_to_fit,
    published_at,
    slowdown,
    slowdown_over,
)
from harness.plugin.experiments import experiments
from harness.training.protocol import paper_recipe

SMALL = AtMost(10.0, source="Section 1.1: a small constant factor; here an order of magnitude")
SINGLE_RUNS = 2.0
"""At full size the bound is this many times the factor of Figure 1b, which has single runs."""
OF_EACH = AtMost(SINGLE_RUNS * SMALL.value, source=f"{SMALL.source}, times 2 for single runs")
NEARLY_ALL = 0.95
"""On digits: 99 % of 256 would be all but the two hardest images, which vary much over seeds."""
NOT_SAID = "the paper does not say which factor would be a large one"

SETTINGS = {"true labels": "true-labels", "random labels": "random-labels"}


def both_on_digits(network):
    return {
        labels: [on_digits(network, setting, seed) for seed in SEEDS[network]]
        for labels, setting in SETTINGS.items()
    }


def both_on_cifar10(network):
    return {labels: [on_cifar10(network, setting)] for labels, setting in SETTINGS.items()}


ON_DIGITS = "epochs to 95 % of the labels, random over true ones"


def epochs_on_digits(run):
    return epochs_to_fit(run, NEARLY_ALL)


def judge_on_digits(judge, name, networks):
    judge(
        slowdown_over(f"{name}: {ON_DIGITS}", networks, epochs_on_digits), SMALL, otherwise=NOT_SAID
    )


def judge_alone(judge, networks):
    """A mean hides a network: with four others at 3, one at 100 gives 6."""
    for network, (random, true) in networks.items():
        measured = slowdown(f"{network} alone: {ON_DIGITS}", random, true, epochs_on_digits)
        judge(measured, OF_EACH, otherwise=NOT_SAID)


def judge_on_cifar10(judge, runs):
    random, true = runs["random labels"], runs["true labels"]
    drawn = published_at("fig1b", FIGURE_1[true[0].recipe.model], 1.0)
    judge(
        slowdown(
            f"{true[0].recipe.title}: epochs to within a point of the last accuracy, random over"
            " true labels",
            random,
            true,
            epochs_to_converge,
        ),
        AtMost(SINGLE_RUNS * drawn.value, source=f"{drawn.where}, times 2 without error bars"),
        drawn,
        otherwise=NOT_SAID,
    )


def together(networks):
    return {
        f"{network}, {labels}": recipes
        for network in networks
        for labels, recipes in both_on_digits(network).items()
    }


@pytest.mark.claim("2.1-slowdown")
@experiments(fast={"two-networks": together(MLPS)}, cpu_full={"five-networks": together(NETWORKS)})
def test_random_labels_take_longer_by_a_small_factor_on_digits(runs, judge):
    """The networks together: some have one run, and single runs differ by a factor of two.

    MLP 1x512 is nearest to its capacity: 9.1 times (7.5 to 10.6), which by the bound of the mean is
    undecided.
    """
    networks = {}
    for network in dict.fromkeys(it.recipe.model for it in runs.all):
        true, random = (runs[f"{network}, {labels}"] for labels in SETTINGS)
        networks[true[0].recipe.title] = (random, true)
        longest = max(epochs_to_fit(run, NEARLY_ALL) for run in true)
        assert longest * SMALL.value < random[0].recipe.epochs, "too short to be refuted"
    judge_on_digits(judge, runs.label.replace("-", " "), networks)
    judge_alone(judge, networks)


@pytest.mark.claim("2.1-slowdown")
@experiments(
    cpu_full={"mlp-1x512": both_on_cifar10("mlp-1x512")},
    gpu_full={network: both_on_cifar10(network) for network in FIGURE_1},
)
def test_random_labels_take_longer_by_a_small_factor(runs, judge):
    """By the criterion that comes nearest to Figure 1b: see 2.1-time-grows.

    It was found on MLP 1x512's curve in that figure, so that its agreement there is a fit. A run
    that ends below 99 % online accuracy has not fitted its labels, and takes infinitely long.
    """
    judge_on_cifar10(judge, runs)


@pytest.mark.control("2.1-slowdown")
@experiments(
    cpu_full={
        "mlp-1x512-dropout": {
            **both_on_cifar10("mlp-1x512"),
            "random labels": [dropped("mlp-1x512")],
        }
    }
)
def test_random_labels_that_are_never_fitted_take_longer_than_that(runs, judge):
    """With dropout 0.5 MLP 1x512 does not fit random labels: see 3-dropout."""
    judge_on_cifar10(judge, runs)


def barely(setting, seed):
    """20 hidden units: 95 % of 256 true labels in 20 to 40 epochs, of random ones from 400 on."""
    return paper_recipe("mlp-1x20", "digits", setting, **{**DIGITS, "epochs": 600, "seed": seed})


@pytest.mark.control("2.1-slowdown")
@experiments(
    fast={
        "mlp-1x20": {
            labels: [barely(setting, seed) for seed in range(110, 114)]
            for labels, setting in SETTINGS.items()
        }
    }
)
def test_a_network_barely_above_capacity_takes_much_longer(runs, judge):
    judge_on_digits(judge, "MLP 1x20", {"MLP 1x20": (runs["random labels"], runs["true labels"])})


BELOW_CAPACITY = {
    labels: [paper_recipe("mlp-1x10", "digits", setting, **{**DIGITS, "epochs": 900, "seed": 110})]
    for labels, setting in SETTINGS.items()
}
"""10 hidden units: 95 % of 256 true labels after 35 epochs, 55 % of random ones after 900."""


@pytest.mark.control("2.1-slowdown")
@experiments(fast={"mlp-1x10": BELOW_CAPACITY})
def test_a_network_below_capacity_never_fits_random_labels(runs, judge):
    judge_alone(judge, {"MLP 1x10": (runs["random labels"], runs["true labels"])})
