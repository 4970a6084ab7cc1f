"""2.1-every-level, 2.1-time-grows, 2.1-error-grows: Figures 1b and 1c."""

from dataclasses import replace

import pytest

from claims.section2_capacity.corruption_trials import (
    ELEVEN,
    FIGURE_1,
    level_trials,
    own_level_trials,
    single_level_trials,
    time_trials,
)
from claims.section2_capacity.trials import DRAWN_ANEW, fast
from harness.evidence import (
    AtLeast,
    Attains,
    Equivalent,
    accuracy,
    accuracy_as_drawn,
    corruption_cost,
    epochs_to_fit,
    error_as_drawn,
    published_at,
    published_curve,
    published_row,
    published_tolerance,
    trend,
)
from harness.models import MODELS
from harness.plugin.trials import Trial, trials, with_findings

IN_ORDER = 0.5
"""Kendall's tau: three of four pairs of runs are in the order of their levels. By chance, in no
order at all, the interval is above it in one of 720 curves of six levels (only the one in full
order is), and in one of 6,000 of eleven."""


def name_of(runs):
    return runs[0].recipe.title


def by_level(runs, value):
    return {float(level): [value(run) for run in of_level] for level, of_level in runs.items()}


def all_of(runs):
    return [run for of_level in runs.values() for run in of_level]


# --- 2.1-every-level -------------------------------------------------------------------------


def judge_level(judge, level, runs, own=False):
    """At full size and p = 1 no more than the paper itself reached, as for 2.1-fit."""
    model, check = runs[0].recipe.model, Attains(1.0, source="Figure 1c: zero at every level")
    its_own = runs[0].recipe.dataset == "cifar10" and model in FIGURE_1 and not own
    if its_own and level == "1":
        reached = published_row(
            "table1_cifar10", "train", model=MODELS[model].paper_name, labels="random"
        )
        check = Attains(reached.value, source=reached.where) if reached.value < 1 else check
    judge(accuracy(f"{name_of(runs)}: training accuracy at p = {level}", runs, "train"), check)


LEFT_OVER = (
    "after 100 epochs the last images are left over (0.03 % of them at p = 0, 0.75 % at p = 1, in"
    " bf16; in fp32 the same to 0.05 points), as at p = 1 in the paper, which has 99.34 % itself;"
    " its figure shows no error at any level, to the resolution of a plot"
)
LEVEL_FINDINGS = {f"mlp-1x512-{level:g}": LEFT_OVER for level in ELEVEN}


@pytest.mark.claim("2.1-every-level")
@trials(
    *with_findings(single_level_trials(), LEVEL_FINDINGS),
    own=own_level_trials,
)
def test_every_level_of_corruption_is_fitted(trial, laboratory, judge):
    for level, runs in laboratory.runs(trial).items():
        judge_level(judge, level, runs, own=bool(trial.network))


@pytest.mark.control("2.1-every-level")
@trials(
    Trial(
        "fast",
        "labels-drawn-anew",
        "scaled",
        {"0.5": [fast("mlp-1x512", "corrupted-0.5", 60, **DRAWN_ANEW)]},
    )
)
def test_half_the_labels_drawn_anew_are_not_fitted(trial, laboratory, judge):
    for level, runs in laboratory.runs(trial).items():
        judge_level(judge, level, runs)


# --- 2.1-time-grows --------------------------------------------------------------------------


def judge_time(judge, name, times, runs):
    judge(
        trend(f"{name}: trend of the epochs to fit", times, runs),
        AtLeast(IN_ORDER, source="Figure 1b: the curves rise from level to level"),
    )


SMALL_SAMPLE = (
    "with 256 digits any corruption at all makes fitting five times longer, and more of it no"
    " longer still: MLP 1x512 takes 162 epochs on the mean at p = 0.25, 158 at 0.5, 147 at 0.75 and"
    " 159 at 1 (eight seeds each), and 29 at 0. With all 797 digits one MLP 3x512 took 15 epochs at"
    " p = 0, and between 71 and 75 at 0.25, 0.5, 0.75 and 1, so that it is no matter of this size"
    " alone. The figure is about 50,000 images of CIFAR-10"
)


@pytest.mark.claim("2.1-time-grows")
@trials(
    *[
        replace(trial, finding=SMALL_SAMPLE if trial.tier == "fast" else "")
        for trial in time_trials()
    ]
)
def test_fitting_takes_longer_the_more_labels_are_corrupted(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    judge_time(judge, name_of(all_of(runs)), by_level(runs, epochs_to_fit), all_of(runs))


@pytest.mark.fast
@pytest.mark.control("2.1-time-grows")
@pytest.mark.parametrize("network", FIGURE_1)
def test_the_reversed_curve_does_not_grow(network, judge):
    """The published ones: ours on digits grow neither way."""
    drawn = published_curve("fig1b", FIGURE_1[network])
    reversed_times = dict(zip(drawn.x, ([time] for time in reversed(drawn.y)), strict=True))
    judge_time(judge, f"{network}, Figure 1b reversed", reversed_times, [])


# --- 2.1-error-grows -------------------------------------------------------------------------


def judge_error(judge, runs, against, error):
    name = name_of(runs["0"])
    judge(
        trend(
            f"{name}: trend of the test error against {against}",
            by_level(runs, error),
            all_of(runs),
        ),
        AtLeast(IN_ORDER, source="Figure 1c: the curves rise from level to level"),
    )


@pytest.mark.claim("2.1-error-grows")
@trials(*level_trials())
def test_the_test_error_grows_with_corruption(trial, laboratory, judge):
    """Against true test labels, and against labels corrupted at the same p: what Fig. 1c drew."""
    runs = laboratory.runs(trial)
    judge_error(judge, runs, "true labels", lambda run: 1 - run.test_accuracy)
    judge_error(judge, runs, "corrupted labels", error_as_drawn)


NO_MORE_THAN_CHANCE = 0.1
"""Share of the test images. The draws of the digits' labels alone leave about 0.01 open."""


def judge_cost(judge, runs):
    for level, of_level in runs.items():
        judge(
            corruption_cost(
                f"{name_of(of_level)}, p = {level}: accuracy that corrupted test labels cost"
                " beyond chance",
                of_level,
            ),
            Equivalent(
                0.0,
                NO_MORE_THAN_CHANCE,
                source="Section 2.1: with probability p a label becomes a uniform random class",
            ),
        )


@pytest.mark.claim("2.1-error-grows")
@trials(*level_trials())
def test_corrupted_test_labels_cost_what_chance_says(trial, laboratory, judge):
    """So that Figure 1c's curve is the one against true labels, and the labels, and no more."""
    runs = laboratory.runs(trial)
    judge_cost(judge, {level: runs[level] for level in runs if 0 < float(level) < 1})


@pytest.mark.control("2.1-error-grows")
@trials(level_trials()[0])
def test_labels_that_stay_true_do_not_cost_that(trial, laboratory, judge):
    """The counts against true labels, put in the place of those against corrupted ones."""
    runs = laboratory.runs(trial)
    judge_cost(
        judge,
        {level: [counted_on_true_labels(run) for run in runs[level]] for level in ("0.5", "0.75")},
    )


def counted_on_true_labels(run):
    outcome = replace(run.outcome, corrupted_test_correct=run.outcome.test_correct)
    return replace(run, outcome=outcome)


TWICE_IN_THE_FIGURE = (
    "Figure 1c has the same error of MLP 1x512 at p = 0.6 as at 0.7; ours at 0.6 is 2.6 points"
    " lower (2.2 to 2.4 in bf16), and nearer to the line from the figure's 0.5 to its 0.7. At the"
    " other levels ours is within 1.3 points of the figure's"
)


@pytest.mark.claim("2.1-error-grows")
@trials(
    *[
        replace(trial, finding=TWICE_IN_THE_FIGURE if trial.label == "mlp-1x512-0.6" else "")
        for trial in single_level_trials()
        if trial.tier != "fast"
    ]
)
def test_the_test_error_is_that_of_figure_1c(trial, laboratory, judge):
    for level, runs in laboratory.runs(trial).items():
        network = runs[0].recipe.model
        published = published_at("fig1c", FIGURE_1[network], float(level))
        tolerance = published_tolerance(MODELS[network].paper_name, published)
        judge(
            accuracy_as_drawn(f"{name_of(runs)}: test accuracy as drawn, p = {level}", runs),
            Equivalent(1 - published.value, tolerance.value, source=tolerance.where),
        )


@pytest.mark.control("2.1-error-grows")
@trials(level_trials()[0])
def test_the_error_on_leaked_images_does_not_grow(trial, laboratory, judge):
    """Test images that were trained on, with the labels that they are scored on: no error at all.

    The training images themselves stand for them.
    """
    runs = laboratory.runs(trial)
    judge_error(judge, runs, "the labels trained on", lambda run: 1 - run.train_accuracy)
