"""2.1-quick: the loss on random labels stays high at first, and then falls quickly (Figure 1a).

The Inception, 1 seed; that it starts late, MLP 1x512 too, 8 seeds. fast: 256 digits. gpu_full: the
Inception on all of CIFAR-10.
"""

import pytest

from claims.section2_capacity.recipes import HALFWAY, SEEDS, on_cifar10, on_digits
from harness.evidence import (
    AtMost,
    MoreThan,
    difference_in_steps,
    epochs_of_descent,
    published_crossing,
)
from harness.plugin.experiments import experiments
from harness.training.recipe_fields import STEPS_PER_PAPER_EPOCH

FITTED = 0.1
"""A loss."""
SETTINGS = {"true labels": "true-labels", "random labels": "random-labels"}
ON_DIGITS = {labels: [on_digits("inception", it)] for labels, it in SETTINGS.items()}
MLP_ON_DIGITS = {
    labels: [on_digits("mlp-1x512", it, seed) for seed in SEEDS["mlp-1x512"]]
    for labels, it in SETTINGS.items()
}
ON_CIFAR10 = {labels: [on_cifar10("inception", it)] for labels, it in SETTINGS.items()}


def published_steps(labels, below):
    return published_crossing("fig1a", labels, below=below)


QUICK = (
    2
    * (published_steps("random labels", FITTED) - published_steps("random labels", HALFWAY)).value
    / STEPS_PER_PAPER_EPOCH
)
"""In epochs: twice what Figure 1a shows, which is one run, without error bars."""


def judge_late(judge, runs, published=None):
    late, soon = runs["random labels"], runs["true labels"]
    name = f"{late[0].recipe.title}: steps to half the initial loss, random minus true labels"
    judge(
        difference_in_steps(name, late, soon, HALFWAY),
        MoreThan(0.0, source="Figure 1a: random labels are the last to leave the plateau"),
        published,
        otherwise="the paper gives a direction and no size",
    )


def judge_quick(judge, name, runs):
    judge(
        epochs_of_descent(
            f"epochs from half the initial loss to 0.1, {name}", runs, HALFWAY, FITTED
        ),
        AtMost(QUICK, source="Figure 1a, times 2 for a single run without error bars"),
    )


@pytest.mark.claim("2.1-quick")
@experiments(fast={"inception": ON_DIGITS}, gpu_full={"inception": ON_CIFAR10})
def test_fitting_random_labels_starts_late_and_then_is_quick(runs, judge):
    lag = published_steps("random labels", HALFWAY) - published_steps("true labels", HALFWAY)
    judge_late(judge, runs, lag)
    judge_quick(judge, "random labels", runs["random labels"])


@pytest.mark.claim("2.1-quick")
@experiments(fast={"mlp-1x512": MLP_ON_DIGITS})
def test_fitting_random_labels_starts_late(runs, judge):
    """How quick it is then, MLP 1x512 does not say: it fits all labels at a loss above 0.1."""
    judge_late(judge, runs)


@pytest.mark.control("2.1-quick")
@experiments(
    fast={
        "labels-drawn-anew": [
            on_digits(
                "inception",
                "random-labels",
                train_size=64,
                redraw="labels each epoch",
                epochs=20,
            )
        ]
    }
)
def test_labels_drawn_anew_never_leave_the_plateau(runs, judge):
    """For as many epochs as the bound allows. Labels of 64 images that stay take 8 (two seeds)."""
    judge_quick(judge, "labels drawn anew every epoch", runs.all)
