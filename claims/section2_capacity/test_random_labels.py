"""2.1-fit, 2.1-chance, 2.1-unchanged, 2.1-quick: networks memorise random labels."""

import pytest

from claims.section2_capacity.trials import (
    FAST_SEEDS,
    NETWORKS,
    fast,
    figure_1a_trials,
    linear_model_trial,
    random_label_trials,
)
from harness.evidence import (
    AtLeast,
    AtMost,
    Attains,
    Equals,
    Equivalent,
    accuracy,
    difference_in_steps,
    exact,
    published_crossing,
    published_row,
)
from harness.evidence.curves import ratio_of_descents
from harness.models import MODELS, model_spec
from harness.plugin.trials import Trial, trials
from harness.training.recipe import differing_fields

CHANCE = 0.1
PLATEAU = 2.2
"""Figure 1a: the loss that random labels stay above for 5.5 thousand steps; ln 10 is 2.303."""
FITTED = 0.1


def published_fit(network, field):
    return published_row("table1_cifar10", field, model=MODELS[network].paper_name, labels="random")


# --- 2.1-fit ---------------------------------------------------------------------------------


def judge_fit(judge, trial, run_list):
    """Zero training error; at the paper's size no more than the paper itself reached."""
    model = run_list[0].recipe.model
    published = published_fit(model, "train") if model in NETWORKS else None
    measured = accuracy(f"{model_spec(model).paper_name}: training accuracy", run_list, "train")
    if trial.scale == "paper" and published.value < 1:
        check = AtLeast(published.value, source=published.where)
    else:
        check = Attains(1.0, source="Section 2.1: zero training error")
    judge(measured, check, published)


@pytest.mark.claim("2.1-fit")
@trials(*random_label_trials())
def test_random_labels_are_memorised(trial, laboratory, judge):
    judge_fit(judge, trial, laboratory.runs(trial)["random labels"])


@pytest.mark.control("2.1-fit")
@trials(
    Trial(
        "fast",
        "labels-drawn-anew",
        "scaled",
        {
            "random labels": [
                fast("mlp-1x512", "random-labels", 60, redraw="labels each epoch", epochs=60)
            ]
        },
    ),
    linear_model_trial(),
)
def test_what_cannot_be_memorised_is_not(trial, laboratory, judge):
    """Labels that change every epoch; a linear model on more images than its inputs have rank."""
    judge_fit(judge, trial, laboratory.runs(trial)["random labels"])


# --- 2.1-chance ------------------------------------------------------------------------------


def judge_chance(judge, name, runs, margin, published=None):
    judge(
        accuracy(f"{name}: test accuracy", runs, "test"),
        Equivalent(
            CHANCE,
            margin,
            source="chance among 10 classes; five to eight standard deviations over label draws",
        ),
        published,
    )


@pytest.mark.claim("2.1-chance")
@trials(
    Trial(
        "fast",
        "all-networks",
        "scaled",
        {
            network: [fast(network, "random-labels", seed) for seed in FAST_SEEDS[network]]
            for network in NETWORKS
        },
    )
)
def test_memorising_networks_do_no_better_than_chance(trial, laboratory, judge):
    """Together: a single network's 1,000 test digits would need a margin of 10 points."""
    runs = [run for group in laboratory.runs(trial).values() for run in group]
    judge_chance(judge, "all networks", runs, margin=0.05)


@pytest.mark.claim("2.1-chance")
@trials(*[trial for trial in random_label_trials() if trial.tier != "fast"])
def test_a_memorising_network_does_no_better_than_chance(trial, laboratory, judge):
    runs = laboratory.runs(trial)["random labels"]
    model = runs[0].recipe.model
    judge_chance(
        judge, MODELS[model].paper_name, runs, margin=0.03, published=published_fit(model, "test")
    )


@pytest.mark.control("2.1-chance")
@trials(
    Trial(
        "fast",
        "half-true-labels",
        "scaled",
        {"half true": [fast("mlp-1x512", "corrupted-0.5", seed) for seed in (43, 44, 45)]},
    )
)
def test_half_true_labels_do_better_than_chance(trial, laboratory, judge):
    runs = laboratory.runs(trial)["half true"]
    judge_chance(judge, "MLP 1x512, half of the labels true", runs, margin=0.05)


# --- 2.1-unchanged ---------------------------------------------------------------------------


def judge_recipes(judge, name, true, random):
    judge(
        exact(f"{name}: fields that differ", [len(differing_fields(true, random))], "fields"),
        Equals(1, source="Section 1.1: randomizing labels is solely a data transformation"),
    )


def judge_tensors(judge, name, true, random):
    from harness.training.comparison import what_differs

    others = what_differs(true, random) - {"training labels"}
    judge(
        exact(f"{name}: other images, weights, order", [len(others)], "things"),
        Equals(0, source="Section 1.1: all other properties are left unchanged"),
    )


@pytest.mark.fast
@pytest.mark.claim("2.1-unchanged")
@pytest.mark.parametrize("network", NETWORKS)
def test_nothing_changes_but_the_labels(network, judge):
    """Neither in the recipe nor in the tensors that it comes to."""
    true, random = (fast(network, setting) for setting in ("true-labels", "random-labels"))
    judge_recipes(judge, MODELS[network].paper_name, true, random)
    judge_tensors(judge, MODELS[network].paper_name, true, random)


SECOND_CHANGES = {
    "learning rate": {"learning_rate": 0.02},
    "seed": {"seed": 99},
    "inputs": {"inputs": "gaussian"},
}


@pytest.mark.fast
@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("second", SECOND_CHANGES)
def test_a_second_field_changed_is_noticed(second, judge):
    random = fast("mlp-1x512", "random-labels", **SECOND_CHANGES[second])
    judge_recipes(judge, f"another {second}", fast("mlp-1x512", "true-labels"), random)


@pytest.mark.fast
@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("second", ["seed", "inputs"])
def test_other_tensors_are_noticed(second, judge):
    random = fast("mlp-1x512", "random-labels", **SECOND_CHANGES[second])
    judge_tensors(judge, f"another {second}", fast("mlp-1x512", "true-labels"), random)


# --- 2.1-quick -------------------------------------------------------------------------------

QUICK = 2 * (
    (
        published_crossing("fig1a", "random labels", below=FITTED).value
        - published_crossing("fig1a", "random labels", below=PLATEAU).value
    )
    / (
        published_crossing("fig1a", "true labels", below=FITTED).value
        - published_crossing("fig1a", "true labels", below=PLATEAU).value
    )
)
"""Twice the ratio of Figure 1a, which is one run of each, without error bars."""


def judge_late(judge, true, random):
    judge(
        difference_in_steps(
            f"steps above loss {PLATEAU}, random labels minus true", random, true, PLATEAU
        ),
        AtLeast(0.0, source="Figure 1a: random labels leave the plateau last"),
    )


def judge_quick(judge, true, random):
    judge(
        ratio_of_descents(
            f"steps from loss {PLATEAU} to {FITTED}, random labels over true",
            random,
            true,
            PLATEAU,
            FITTED,
        ),
        AtMost(QUICK, source="Figure 1a, times 2 for a single run without error bars"),
    )


@pytest.mark.claim("2.1-quick")
@trials(*figure_1a_trials(["true-labels", "random-labels"]))
def test_fitting_random_labels_starts_late_and_then_is_quick(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    judge_late(judge, runs["true labels"], runs["random labels"])
    judge_quick(judge, runs["true labels"], runs["random labels"])


@pytest.mark.control("2.1-quick")
@trials(
    Trial(
        "fast",
        "stuck",
        "scaled",
        {
            "true labels": [fast("inception", "true-labels")],
            "random labels": [fast("inception", "random-labels", 1, learning_rate=1e-6, epochs=5)],
        },
    )
)
def test_a_run_stuck_on_its_plateau_is_not_quick(trial, laboratory, judge):
    """It has more epochs than the true labels need to be fitted."""
    runs = laboratory.runs(trial)
    judge_quick(judge, runs["true labels"], runs["random labels"])


@pytest.mark.control("2.1-quick")
@trials(
    Trial(
        "fast",
        "swapped",
        "scaled",
        {
            setting.replace("-", " "): [fast("inception", setting)]
            for setting in ("true-labels", "random-labels")
        },
    )
)
def test_true_labels_do_not_start_late(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    judge_late(judge, true=runs["random labels"], random=runs["true labels"])
