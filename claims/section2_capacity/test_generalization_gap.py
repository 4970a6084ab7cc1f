"""1.1-jump, 2.1-signal: what the labels alone do to the generalisation error.

1.1-jump: the same network, hyperparameters and optimiser, on true and on random labels. fast: 256
digits, 1 to 8 seeds; at cpu_full Alexnet and the Inception without BatchNorm, too. gpu_full: the
five networks on CIFAR-10, 1 seed; cpu_full: the MLPs.

2.1-signal: cpu_full (MLP 1x512) and gpu_full (the networks of Figure 1c): CIFAR-10, p from 0.1 to
0.8, 1 seed. cpu_full: MLP 1x512 on 256 digits, p = 1/4, 1/2 and 3/4, 8 or 16 seeds; controls at
p = 1, and on images of noise.
"""

from dataclasses import replace

import pytest

from claims.section2_capacity.recipes import (
    AT_FAST,
    CHANCE,
    FIGURE_1,
    MLPS,
    NETWORKS,
    SEEDS,
    at_level,
    on_cifar10,
    on_digits,
    table1,
)
from claims.section2_capacity.test_partial_corruption import CIFAR10, each_level
from harness.evidence import (
    AtLeast,
    Attains,
    accuracy,
    difference_in_accuracy,
    no_lower,
    published_at,
)
from harness.evidence.corruption import true_labels_found_first
from harness.plugin.experiments import experiments

# --- 1.1-jump --------------------------------------------------------------------------------

SETTINGS = {"true labels": "true-labels", "random labels": "random-labels"}
QUARTER = 0.25
"""Of all test images. In Table 1 the smallest jump is 40 points, of MLP 1x512."""


def both_on_digits(network):
    return {
        labels: [on_digits(network, setting, seed) for seed in SEEDS[network]]
        for labels, setting in SETTINGS.items()
    }


def both_on_cifar10(network):
    return {labels: [on_cifar10(network, setting)] for labels, setting in SETTINGS.items()}


def judge_jump(judge, name, fewer_errors, more_errors):
    judge(
        difference_in_accuracy(f"{name}: test error gained", fewer_errors, more_errors),
        AtLeast(QUARTER, source="Section 1.1: the error jumps up considerably; here a quarter"),
        otherwise=0.0,
    )


@pytest.mark.claim("1.1-jump")
@experiments(
    fast={network: both_on_digits(network) for network in AT_FAST},
    cpu_full={
        **{network: both_on_cifar10(network) for network in MLPS},
        **{network: both_on_digits(network) for network in NETWORKS if network not in AT_FAST},
    },
    gpu_full={network: both_on_cifar10(network) for network in NETWORKS},
)
def test_random_labels_alone_make_the_error_jump(runs, judge):
    """Both trainings end nearly without training errors (2.1-fit): the test error is the gap.

    MLP 1x512 at full size leaves 0.75 % of the random labels; its test error jumps by 41 points.
    """
    true, random = runs["true labels"], runs["random labels"]
    judge_jump(judge, f"{true[0].recipe.title}, random instead of true labels", true, random)


TWO_DRAWS = {
    name: [
        on_digits("mlp-1x512", "random-labels", seed, label_draw=draw)
        for seed in SEEDS["mlp-1x512"]
    ]
    for draw, name in enumerate(("one draw", "another"))
}
"""Of random labels, for the same images, order and initial weights."""


@pytest.mark.control("1.1-jump")
@experiments(fast={"two-label-draws": TWO_DRAWS})
def test_another_draw_of_random_labels_makes_no_jump(runs, judge):
    judge_jump(judge, "another draw of random labels", runs["one draw"], runs["another"])


# --- 2.1-signal ------------------------------------------------------------------------------


CORRUPTED = {
    f"{level:g}": [
        on_digits("mlp-1x512", at_level(level), it, score_corrupted_test=True) for it in its
    ]
    for level, its in {
        0.25: [seed + 100 for seed in SEEDS["mlp-1x512"]],
        0.5: [*(seed + 200 for seed in SEEDS["mlp-1x512"]), *range(900, 908)],
        0.75: [*(seed + 300 for seed in SEEDS["mlp-1x512"]), *range(910, 918)],
    }.items()
}
"""The less signal is left, the more networks differ: 16 at 1/2 and 3/4 for 8."""
AT_LEVELS = {
    network: {level: it for level, it in by_level.items() if 0 < float(level) < 0.9}
    for network, by_level in CIFAR10.items()
}


def judge_signal(judge, level, runs):
    """Clean test images are classified far better than by chance ..."""
    judge(
        accuracy(f"MLP 1x512, p = {level}: test accuracy, true labels", runs, "test"),
        AtLeast(2 * CHANCE, source="Section 2.1: remaining signal is captured; twice chance"),
        otherwise=CHANCE,
    )


def judge_found_first(judge, levels, runs):
    """... and more corrupted training images are first given their true label than by chance."""
    judge(
        true_labels_found_first(
            f"MLP 1x512, p = {levels}: corrupted images first given their true label", runs
        ),
        AtLeast(2 * CHANCE, source="Section 2.1: remaining signal is captured; twice chance"),
        otherwise=CHANCE,
    )


@pytest.mark.claim("2.1-signal")
@experiments(cpu_full={"mlp-1x512-on-digits": CORRUPTED})
def test_the_remaining_signal_is_captured_while_the_noise_is_fitted(runs, judge):
    """True labels are found first: in the epoch in which half of the right ones are.

    In the records of MLP 1x512 on CIFAR-10 the share is 46 % at p = 0.1, 35 % at 0.5 and 15 % at
    0.8: with so much noise that epoch is one in which noise is being fitted, too.
    """
    for level, of_level in runs.items():
        judge(
            accuracy(f"MLP 1x512, p = {level}: training accuracy", of_level, "train"),
            Attains(1.0, source="Section 2.1: the noise is fitted by brute force"),
        )
        judge_signal(judge, level, of_level)
    judge_found_first(judge, "1/4, 1/2, 3/4", runs.all)


def judge_captured(judge, level, runs):
    """At least half of what Figure 1c has beyond chance, there on corrupted test labels.

    On those a right answer counts with probability 1 - p + p / 10, a wrong one with p / 10.
    """
    recipe, p = runs[0].recipe, float(level)
    drawn = published_at("fig1c", FIGURE_1[recipe.model], p)
    captured = (1 - drawn.value - p * CHANCE) / (1 - p)
    judge(
        accuracy(f"{recipe.title}, p = {level}: test accuracy, true labels", runs, "test"),
        AtLeast((CHANCE + captured) / 2, source=f"half-way from chance to {drawn.where}"),
        replace(drawn, value=captured, where=f"derived from {drawn.where}"),
        otherwise=CHANCE,
    )


@pytest.mark.claim("2.1-signal")
@experiments(
    cpu_full=each_level({"mlp-1x512": AT_LEVELS["mlp-1x512"]}), gpu_full=each_level(AT_LEVELS)
)
def test_the_remaining_signal_is_captured(runs, judge):
    """And the noise is fitted as well as Table 1 has it at p = 1; to no error: 2.1-every-level.

    For MLP 1x512 the first follows from 2.1-error-grows, which was known when the bound was fixed;
    for the other two networks it is a prediction. At p = 0.6 the figure repeats its error at 0.7,
    so that the bound is low. At 0.9 the draw of its 10,000 corrupted labels leaves 6 points open in
    what it implies; ours has 13.3 % there (12.7 to 14.0), where half-way would be 12.8 %.
    """
    ((level, of_level),) = runs.items()
    recipe = of_level[0].recipe
    judge(
        accuracy(f"{recipe.title}, p = {level}: training accuracy", of_level, "train"),
        no_lower(table1(recipe.model, "train", "random")),
        otherwise=CHANCE,
    )
    judge_captured(judge, level, of_level)


@pytest.mark.control("2.1-signal")
@experiments(cpu_full={"no-signal": {"0.8": [on_cifar10("mlp-1x512", "random-labels")]}})
def test_random_labels_leave_no_signal_to_capture(runs, judge):
    judge_captured(judge, "0.8", runs["0.8"])


@pytest.mark.control("2.1-signal")
@experiments(
    cpu_full={
        "no-signal-on-digits": {
            "1": [on_digits("mlp-1x512", "random-labels", seed) for seed in SEEDS["mlp-1x512"]]
        }
    }
)
def test_without_signal_there_is_none_to_capture(runs, judge):
    judge_signal(judge, "1", runs["1"])


NOISE = [replace(it, inputs="gaussian", score_corrupted_test=False) for it in CORRUPTED["0.5"][:8]]


@pytest.mark.control("2.1-signal")
@experiments(cpu_full={"images-of-noise": {"0.5": NOISE}})
def test_in_images_of_noise_no_true_label_is_found(runs, judge):
    judge_found_first(judge, "1/2", runs.all)
