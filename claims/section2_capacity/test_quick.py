"""2.1-quick: the loss on random labels stays high at first, and then falls quickly (Figure 1a).

The Inception, 1 seed. fast: 256 digits. gpu_full: all of CIFAR-10.
"""

import pytest

from claims.section2_capacity.recipes import HALFWAY, on_cifar10, on_digits
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
ON_CIFAR10 = {labels: [on_cifar10("inception", it)] for labels, it in SETTINGS.items()}


def published_steps(labels, below):
    return published_crossing("fig1a", labels, below=below)


QUICK = (
    2
    * (published_steps("random labels", FITTED) - published_steps("random labels", HALFWAY)).value
    / STEPS_PER_PAPER_EPOCH
)
"""In epochs: twice what Figure 1a shows, which is one run, without error bars."""


def judge_late(judge, name, late, soon):
    judge(
        difference_in_steps(f"steps to half the initial loss, {name}", late, soon, HALFWAY),
        MoreThan(0.0, source="Figure 1a: random labels are the last to leave the plateau"),
        published_steps("random labels", HALFWAY) - published_steps("true labels", HALFWAY),
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
    judge_late(judge, "random minus true labels", runs["random labels"], runs["true labels"])
    judge_quick(judge, "random labels", runs["random labels"])


@pytest.mark.control("2.1-quick")
@experiments(
    fast={
        "labels-drawn-anew": [
            on_digits("inception", "random-labels", redraw="labels each epoch", epochs=24)
        ]
    }
)
def test_labels_drawn_anew_never_leave_the_plateau(runs, judge):
    """Trained longer than the bound allows. Labels that stay are below 0.1 in about 13 epochs."""
    judge_quick(judge, "labels drawn anew every epoch", runs.all)
