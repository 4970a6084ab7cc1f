"""2.1-every-level, 2.1-time-grows: labels corrupted with probability p are fitted, ever later.

Figure 1b. cpu_full (MLP 1x512) and gpu_full (the figures' three networks): all of CIFAR-10 at
eleven levels, 1 seed each, to zero training error or 100 epochs. cpu_full, for 2.1-every-level
alone: MLP 1x512 on 256 digits at four levels of p, 8 seeds each.
"""

import pytest

from claims.section2_capacity.recipes import (
    CHANCE,
    DRAWN_ANEW,
    ELEVEN,
    FIGURE_1,
    LEFT_TRUE,
    MLPS,
    at_level,
    at_levels_on_digits,
    on_cifar10,
    on_digits,
    table1,
)
from harness.evidence import (
    AtLeast,
    Attains,
    Equivalent,
    accuracy,
    epochs_near,
    epochs_to_fit,
    no_lower,
    published_epochs_at,
    trend,
    unevenness,
)
from harness.plugin.experiments import experiments

IN_ORDER = {"digits": 0.5, "cifar10": 0.85}
"""Kendall's tau, by data set: 1 where all runs are in the order of their levels, 0 without any. The
32 runs on digits would refute no order below a bound of a half, a curve of eleven single runs at
full size only below this."""


DIGITS = at_levels_on_digits()
CIFAR10 = {
    network: {f"{level:g}": [on_cifar10(network, at_level(level))] for level in ELEVEN}
    for network in FIGURE_1
}
MLP_ON_CIFAR10 = {"mlp-1x512": CIFAR10["mlp-1x512"]}
PREDICTED = {network: it for network, it in CIFAR10.items() if network not in MLPS}


def each_level(networks):
    """A test for each network and level, so that each has its own verdict."""
    return {
        f"{network}-{level}": {level: recipes}
        for network, by_level in networks.items()
        for level, recipes in by_level.items()
    }


def name_of(runs):
    return runs.all[0].recipe.title


def rising(figure, runs):
    tau = IN_ORDER[runs.all[0].recipe.dataset]
    return AtLeast(tau, source=f"{figure}: the curves rise from level to level")


def by_level(runs, value):
    return {float(level): [value(run) for run in of_level] for level, of_level in runs.items()}


# --- 2.1-every-level -------------------------------------------------------------------------


def judge_level(judge, runs, level):
    """Zero training error; at full size and the ends of the curve, as in Table 1."""
    check = Attains(1.0, source="Figure 1c: zero at every level")
    if runs.at_papers_size and level in ("0", "1"):
        labels = {"0": "true", "1": "random"}[level]
        check = no_lower(table1(runs[level][0].recipe.model, "train", labels))
    judge(
        accuracy(f"{name_of(runs)}: training accuracy at p = {level}", runs[level], "train"),
        check,
        otherwise=CHANCE,
    )


LEFT_OVER = (
    "after 100 epochs MLP 1x512 has not fitted the last images (0.09 % of them at p = 0.1, 0.66 %"
    " at p = 0.9). At p = 1 the paper's Table 1 has an error of 0.66 % itself; its Figure 1c shows"
    " none at any level, to the resolution of a plot"
)


@pytest.mark.claim("2.1-every-level")
@experiments(
    cpu_full={"mlp-1x512-on-digits": DIGITS, **each_level(MLP_ON_CIFAR10)},
    gpu_full=each_level(CIFAR10),
    known={
        f"{tier}-mlp-1x512-{level:g}": LEFT_OVER
        for tier in ("cpu_full", "gpu_full")
        for level in ELEVEN
        if 0 < level < 1
    },
)
def test_every_level_of_corruption_is_fitted(runs, judge):
    for level in runs:
        judge_level(judge, runs, level)


@pytest.mark.control("2.1-every-level")
@experiments(
    cpu_full={
        "labels-drawn-anew": {"0.5": [on_digits("mlp-1x512", "corrupted-0.5", 60, **DRAWN_ANEW)]}
    }
)
def test_half_the_labels_drawn_anew_are_not_fitted(runs, judge):
    judge_level(judge, runs, "0.5")


# --- 2.1-time-grows --------------------------------------------------------------------------


def judge_time(judge, runs, level):
    """The epochs of Figure 1b, to within how uneven the network's curve is there."""
    network = FIGURE_1[runs[0].recipe.model]
    published, tolerance = published_epochs_at(network, float(level)), unevenness(network)
    judge(
        epochs_near(f"{network}, p = {level}: epochs to within a point of the last accuracy", runs),
        Equivalent(
            published.value,
            tolerance.value,
            source=f"{published.where}; tolerance: {tolerance.where}",
        ),
        published,
    )


@pytest.mark.claim("2.1-time-grows")
@experiments(gpu_full=each_level(PREDICTED))
def test_the_time_to_fit_is_that_of_figure_1b(runs, judge):
    """The paper does not say what it counts. This criterion was found on the curve of MLP 1x512,
    which is therefore not judged by it; for the other networks it is a prediction.
    """
    ((level, of_level),) = runs.items()
    judge_time(judge, of_level, level)


@pytest.mark.control("2.1-time-grows")
@experiments(cpu_full={"labels-left-true": {"0": CIFAR10["mlp-1x512"]["0"]}})
def test_labels_left_true_do_not_take_as_long_as_corrupted_ones(runs, judge):
    for level in ELEVEN[1:]:
        judge_time(judge, runs["0"], f"{level:g}")


def judge_growth(judge, runs, share):
    judge(
        trend(
            f"{name_of(runs)}: trend of the epochs to {100 * share:g} % of the labels",
            by_level(runs, lambda run: epochs_to_fit(run, share)),
            runs.all,
        ),
        rising("Figure 1b", runs),
        otherwise=0.0,
    )


@pytest.mark.claim("2.1-time-grows")
@experiments(cpu_full=MLP_ON_CIFAR10, gpu_full=CIFAR10)
def test_fitting_takes_longer_the_more_labels_are_corrupted(runs, judge):
    """To 99 % online accuracy, which was not fitted to the figure.

    Not on digits: 797 of them, and 256, take MLP 1x512 several times longer with any corruption
    than with none, and no longer with more (fixtures/profiles).
    """
    judge_growth(judge, runs, 0.99)


@pytest.mark.control("2.1-time-grows")
@experiments(cpu_full={"labels-left-true": LEFT_TRUE})
def test_fitting_labels_left_true_takes_no_longer_from_level_to_level(runs, judge):
    """To 95 %: see NEARLY_ALL of 2.1-slowdown."""
    judge_growth(judge, runs, 0.95)
