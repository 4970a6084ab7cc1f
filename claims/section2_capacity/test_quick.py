"""2.1-quick: fitting random labels starts late, and once it has started is quick."""

import pytest

from claims.section2_capacity.trials import HALFWAY, fast, figure_1a_trials
from harness.evidence import (
    AtMost,
    MoreThan,
    difference_in_steps,
    epochs_of_descent,
    published_crossing,
)
from harness.plugin.trials import Trial, trials
from harness.training.recipe_fields import STEPS_PER_PAPER_EPOCH

FITTED = 0.1
QUICK = 2 * (
    (
        published_crossing("fig1a", "random labels", below=FITTED)
        - published_crossing("fig1a", "random labels", below=HALFWAY)
    ).value
    / STEPS_PER_PAPER_EPOCH
)
"""In epochs: twice what Figure 1a shows, which is one run, without error bars."""


def judge_late(judge, name, late, soon):
    judge(
        difference_in_steps(f"steps to half the initial loss, {name}", late, soon, HALFWAY),
        MoreThan(0.0, source="Figure 1a: random labels are the last to leave the plateau"),
        published_crossing("fig1a", "random labels", HALFWAY)
        - published_crossing("fig1a", "true labels", HALFWAY),
    )


def judge_quick(judge, name, runs):
    judge(
        epochs_of_descent(
            f"epochs from half the initial loss to 0.1, {name}", runs, HALFWAY, FITTED
        ),
        AtMost(QUICK, source="Figure 1a, times 2 for a single run without error bars"),
    )


@pytest.mark.claim("2.1-quick")
@trials(*figure_1a_trials(["true-labels", "random-labels"]))
def test_fitting_random_labels_starts_late_and_then_is_quick(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    judge_late(judge, "random minus true labels", runs["random labels"], runs["true labels"])
    judge_quick(judge, "random labels", runs["random labels"])


@pytest.mark.control("2.1-quick")
@trials(
    Trial(
        "fast",
        "stuck",
        "scaled",
        {"gaussian": [fast("inception", "gaussian", 1, learning_rate=1e-6, epochs=7)]},
    )
)
def test_a_run_stuck_on_its_plateau_is_not_quick(trial, laboratory, judge):
    """At the paper's learning rate each of six seeds got below 0.1 in six epochs of this noise."""
    judge_quick(judge, "stuck", laboratory.runs(trial)["gaussian"])


@pytest.mark.control("2.1-quick")
@trials(figure_1a_trials(["true-labels", "random-labels"])[0])
def test_true_labels_do_not_start_late(trial, laboratory, judge):
    """The two runs swapped."""
    runs = laboratory.runs(trial)
    judge_late(judge, "true minus random labels", runs["true labels"], runs["random labels"])
