"""2.2-norms: bounds by the norms of the weights do not explain how these networks generalise.

Two bounds on the test error, by the l1 norm of a node's weights (Bartlett 1998) and by Frobenius
norms (Neyshabur et al. 2015), both over the margin, of networks trained on true and on random
labels. fast: MLP 1x128 on 64 to 256 digits, two classes, 6 samples each. cpu_full, gpu_full: the
MLPs on CIFAR-10, 1 seed. And rescaled layers, which change the l1 norm and not the function.
"""

import numpy as np
import pytest
from hypothesis import strategies as st

from claims.section2_capacity.recipes import (
    DIGITS_SIZES,
    MLPS,
    on_cifar10,
    samples_of_digits,
)
from claims.section3_regularization.recipes import table_1
from harness.capacity.measures import frobenius_bound, max_row_bound
from harness.capacity.rescaling import DenseNetwork
from harness.evidence import Equals, MoreThan, exact, find_counterexample, log_log_slope
from harness.plugin.experiments import experiments

BOUNDS = {"l1 norms of nodes": max_row_bound, "Frobenius norms": frobenius_bound}
EMPTY = MoreThan(1.0, source="Section 2.2: they do not seem to explain it; an error is at most 1")
GROWS = MoreThan(
    0.0, source="Nagarajan & Kolter 2019: such bounds grow with the sample, while the gap shrinks"
)
SETTINGS = {"true labels": "two-groups", "random labels": "random-signs"}


def judge_bounds(judge, name, summaries, n, runs=()):
    """The smallest of several networks stands for all."""
    for norms, bound in BOUNDS.items():
        found = min(bound(summary, n) for summary in summaries)
        judge(exact(f"{name}: bound by {norms}", [found], "error", runs), EMPTY)


def judge_growth(judge, name, by_size):
    for norms, bound in BOUNDS.items():
        curves = [[bound(it, n) for it in of_n] for n, of_n in by_size.items()]
        judge(
            log_log_slope(
                f"{name}: exponent of n in the bound by {norms}",
                list(by_size),
                list(zip(*curves, strict=True)),
                "samples: images, labels, orders, weights",
            ),
            GROWS,
        )


# --- Trained networks ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summaries_of():
    """By kind of labels and sample size, for a judge; trained once."""
    from harness.capacity.measured import train_networks

    known = {}

    def trained(setting, judge, reseeded):
        recipes = {
            n: [reseeded(it) for it in samples_of_digits(setting, n) if it.replaced is None]
            for n in DIGITS_SIZES
        }
        judge.computed_on(*(recipe for of_n in recipes.values() for recipe in of_n))
        if setting not in known:
            known[setting] = {
                n: [network.summary for network in train_networks(of_n)]
                for n, of_n in recipes.items()
            }
        return known[setting]

    return trained


@pytest.mark.fast
@pytest.mark.claim("2.2-norms")
@pytest.mark.parametrize("labels", list(SETTINGS))
def test_bounds_by_norms_are_above_1_on_digits(labels, summaries_of, reseeded, judge):
    for n, summaries in summaries_of(SETTINGS[labels], judge, reseeded).items():
        judge_bounds(judge, f"{labels}, n = {n}", summaries, n)


@pytest.mark.fast
@pytest.mark.claim("2.2-norms")
@pytest.mark.parametrize("labels", list(SETTINGS))
def test_bounds_by_norms_grow_with_the_sample(labels, summaries_of, reseeded, judge):
    judge_growth(judge, labels, summaries_of(SETTINGS[labels], judge, reseeded))


FULL = {
    network: {
        "true labels": [table_1(network)],
        "random labels": [on_cifar10(network, "random-labels")],
    }
    for network in MLPS
}


@pytest.mark.claim("2.2-norms")
@experiments(cpu_full=FULL, gpu_full=FULL)
def test_bounds_by_norms_are_above_1(runs, judge):
    for labels, (run,) in runs.items():
        name = f"{run.recipe.title}, {labels}"
        judge_bounds(judge, name, [run.outcome.summary], run.recipe.images, [run])


def clusters(n, base_seed, sample=0):
    """Two clusters at a distance of twenty of their standard deviations, and their linear model."""
    from harness.capacity.measured import separating_network

    draw = np.random.default_rng([base_seed, sample, n])
    signs = np.where(np.arange(n) % 2, 1.0, -1.0)
    points = 0.1 * draw.standard_normal((n, 2)) + signs[:, None] * [1.0, 0.0]
    return separating_network(points, signs, samples_of_digits("two-groups", 64)[0]).summary


@pytest.mark.fast
@pytest.mark.control("2.2-norms")
def test_on_two_clusters_the_bounds_of_a_linear_model_say_something(base_seed, judge):
    judge_bounds(judge, "two clusters, n = 1,024", [clusters(1_024, base_seed)], 1_024)
    by_size = {n: [clusters(n, base_seed, it) for it in range(6)] for n in (64, 256, 1_024)}
    judge_growth(judge, "two clusters", by_size)


# --- Rescaled layers -------------------------------------------------------------------------

RESCALED = st.tuples(
    st.builds(
        DenseNetwork,
        st.lists(st.integers(1, 6), min_size=3, max_size=5).map(tuple),
        st.integers(0, 2**32 - 1),
    ),
    st.integers(-30, 30).filter(bool),
)
"""Networks with one to three hidden layers, and the power of two by which the first is scaled."""


def judge_rescaled(judge, activation):
    judge(
        find_counterexample(
            f"{activation} networks: the same outputs, first layer multiplied and second divided",
            lambda it: it[0].is_unchanged_by(it[1], activation),
            RESCALED,
            smallest=activation == "relu",
        ),
        Equals(0, source="Section 1.2: for ReLU networks the l1 norm is no longer informative"),
    )


@pytest.mark.fast
@pytest.mark.claim("2.2-norms")
def test_rescaling_a_relu_network_changes_the_l1_norm_and_not_the_function(judge):
    judge_rescaled(judge, "relu")
    judge(
        find_counterexample(
            "l1 norm of the first layer's nodes, multiplied by the factor",
            lambda it: (
                it[0].rescaled(it[1]).largest_l1_norm(0) == 2.0 ** it[1] * it[0].largest_l1_norm(0)
            ),
            RESCALED,
        ),
        Equals(0, source="the factor is a power of two, so this is exact"),
    )


@pytest.mark.fast
@pytest.mark.control("2.2-norms")
def test_rescaling_a_sigmoid_network_changes_its_function(judge):
    """Bartlett's bound is for sigmoids."""
    judge_rescaled(judge, "sigmoid")
