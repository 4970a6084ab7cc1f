"""3-decay-helps: weight decay sometimes helps the optimisation, and it is a constraint on the norm.

The first: the training loss with weight decay is lower than without, for one network and one kind
of labels at least. fast: MLP 1x512 on 256 digits, true labels, 8 seeds. cpu_full: both MLPs on
CIFAR-10, gpu_full: all five networks; 1 seed. The second, on a convex loss: projected gradient
descent in a ball of the radius that weight decay reaches ends at the same weights.
"""

import numpy as np
import pytest
from hypothesis import strategies as st

from claims.section2_capacity.recipes import MLPS, NETWORKS, SEEDS, on_cifar10, on_digits
from claims.section3_regularization.recipes import (
    MLP_WEIGHT_DECAY,
    decayed,
    decayed_on_digits,
    table_1,
)
from harness.evidence import AtMost, MoreThan, difference_in_loss, extreme
from harness.linear.separable import logistic_descent
from harness.plugin.experiments import experiments

# --- It helps the optimisation ---------------------------------------------------------------

HELPS = MoreThan(0.0, source="Section 1.1: it sometimes even helps optimization")


def judge_help(judge, runs):
    """The best of all pairs, groups one after the other: without weight decay, and with it.

    The best of five single pairs is above zero by chance alone, and such a pair must win by half of
    the loss. The last losses of 20 trainings that differ in their seeds (MLP 1x512, 256 digits, 80
    epochs) scatter by 11 %: of pairs by 16 %, and the best of five is above 37 % in one of twenty.
    """
    groups = list(runs.items())
    measured = {}
    for (name, plain), (_, other) in zip(groups[::2], groups[1::2], strict=True):
        title = f"{name}: training loss without minus with weight decay"
        measured[name] = difference_in_loss(title, plain, other)
    name = max(measured, key=lambda it: measured[it].interval[0])
    best, plain = measured[name], runs[name]
    single = MoreThan(plain[0].curve.loss[-1] / 2, source=f"{HELPS.source}; half of the loss")
    judge(
        best,
        single if len(plain) == 1 else HELPS,
        otherwise="the paper gives a direction and no size",
    )


def pairs(without, with_decay, network, labels):
    name = f"{network}, {labels}"
    return {name: without, f"{name}, weight decay": with_decay}


def on_digits_in_pairs(setting, seeds=(40, 41, 42), decay=None):
    with_decay = [
        decayed_on_digits("mlp-1x512", seed, setting)
        if decay is None
        else on_digits("mlp-1x512", setting, seed, weight_decay=decay, epochs=200)
        for seed in seeds
    ]
    plain = [on_digits("mlp-1x512", setting, seed) for seed in seeds]
    return pairs(plain, with_decay, "MLP 1x512", setting.replace("-", " "))


def true_labels(network):
    with_decay = [table_1(network, decay=True)]
    return pairs([table_1(network)], with_decay, network, "true labels")


def random_labels(network):
    plain = [on_cifar10(network, "random-labels")]
    return pairs(plain, [decayed(network)], network, "random labels")


NOT_THE_MLPS = (
    "With weight decay 0.0005 the MLPs end at a larger training loss: on CIFAR-10 with true labels"
    " 0.052 instead of 0.028 (MLP 1x512) and 0.0095 instead of 0.0019 (MLP 3x512), with random ones"
    " 0.197 instead of 0.141 and 0.023 instead of 0.0065; on digits with true labels 0.0005 more."
    " Krizhevsky et al. 2012 report it of Alexnet on ImageNet; our convolutional networks are not"
    " measured"
)


@pytest.mark.claim("3-decay-helps")
@experiments(
    fast={"digits": on_digits_in_pairs("true-labels", SEEDS["mlp-1x512"])},
    cpu_full={
        "mlps": {
            group: recipes
            for network in MLPS
            for each in (true_labels(network), random_labels(network))
            for group, recipes in each.items()
        }
    },
    gpu_full={
        "all-networks": {
            group: recipes
            for network in NETWORKS
            for group, recipes in true_labels(network).items()
        }
    },
    known={"fast-digits": NOT_THE_MLPS, "cpu_full-mlps": NOT_THE_MLPS},
)
def test_for_some_network_the_training_loss_is_lower_with_weight_decay(runs, judge):
    judge_help(judge, runs)


@pytest.mark.control("3-decay-helps")
@experiments(
    fast={
        "decay-times-100": on_digits_in_pairs(
            "random-labels", decay=(("weights", 100 * MLP_WEIGHT_DECAY),)
        )
    }
)
def test_a_hundred_times_as_much_does_not_help(runs, judge):
    """By the claim's bound on digits. With a decay of 1e-8 in its place it is inconclusive, and
    with the claim's own refuted as the claim is: no training here shows the check supporting. A
    unit test does, on curves made by hand (harness/tests/evidence/test_corruption.py).
    """
    judge_help(judge, runs)


# --- It is a constraint on the norm ----------------------------------------------------------

SAME = AtMost(
    1e-6, source="Section 3: equivalent to a hard constraint; descent has converged to rounding"
)
PROBLEMS = st.tuples(
    st.integers(1, 10), st.integers(1, 10), st.floats(0.05, 1.0), st.integers(0, 2**32 - 1)
)
"""Gaussian examples, dimensions, weight decay as a share of the smoothness, seed."""
STEPS = [500]


def distance(problem, radius):
    """Between the two ends, relative; the ball has ``radius`` times the norm of decay's end."""
    n, d, share, seed = problem
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((n, d)), draw.choice([-1.0, 1.0], n)
    penalty = share * np.linalg.norm(x, 2) ** 2 / 4
    (with_decay,) = logistic_descent(x, y, STEPS, penalty)
    norm = np.linalg.norm(with_decay)
    (in_ball,) = logistic_descent(x, y, STEPS, largest_norm=radius * norm)
    return float(np.linalg.norm(in_ball - with_decay) / norm)


def judge_same(judge, name, radius, which=max):
    name = f"{name}: distance of the weights, relative"
    judge(extreme(name, PROBLEMS, lambda it: distance(it, radius), which=which), SAME)


@pytest.mark.fast
@pytest.mark.claim("3-decay-helps")
def test_a_ball_of_its_radius_gives_the_same_weights(judge):
    """Logistic regression, which is convex; separable or not."""
    judge_same(judge, "weight decay, and a ball of its norm", 1.0)


@pytest.mark.fast
@pytest.mark.control("3-decay-helps")
def test_a_ball_of_half_the_radius_does_not(judge):
    judge_same(judge, "weight decay, and a ball of half its norm", 0.5, which=min)
