"""2.1-error-grows: the test error rises with the share p of corrupted labels.

Figure 1c, on the trainings of 2.1-every-level: all of CIFAR-10 at eleven levels, 1 seed each, MLP
1x512 (cpu_full) and the figure's three networks (gpu_full); MLP 1x512 on 256 digits at four levels
of p, 8 seeds each (cpu_full).
"""

from dataclasses import replace

import pytest

from claims.section2_capacity.recipes import ELEVEN, FIGURE_1, LEFT_TRUE, at_level, on_digits
from claims.section2_capacity.test_partial_corruption import (
    CIFAR10,
    DIGITS,
    MLP_ON_CIFAR10,
    by_level,
    each_level,
    name_of,
    rising,
)
from harness.evidence import (
    Equivalent,
    accuracy_as_drawn,
    corruption_cost,
    error_as_drawn,
    nearest,
    published_at,
    reproduced,
    trend,
)
from harness.plugin.experiments import experiments


def judge_error(judge, runs, against, error):
    judge(
        trend(
            f"{name_of(runs)}: trend of the test error against {against}",
            by_level(runs, error),
            runs.all,
        ),
        rising("Figure 1c", runs),
        otherwise=0.0,
    )


@pytest.mark.claim("2.1-error-grows")
@experiments(cpu_full={"mlp-1x512-on-digits": DIGITS, **MLP_ON_CIFAR10}, gpu_full=CIFAR10)
def test_the_test_error_grows_with_corruption(runs, judge):
    """Against true test labels, and against labels corrupted at the same p, as Figure 1c has it."""
    judge_error(judge, runs, "true labels", lambda run: 1 - run.test_accuracy)
    judge_error(judge, runs, "corrupted labels", error_as_drawn)


LEAKED = {
    f"{level:g}": [
        on_digits(
            "mlp-1x512",
            at_level(level),
            seed,
            train_size=128,
            inputs="test images",
            score_corrupted_test=True,
        )
        for seed in (160, 161)
    ]
    for level in (0.25, 0.5)
}
"""All 128 images that are scored have been trained on, with the labels that they are scored on."""


BRIEFLY = {
    "epochs": 15,
    "evaluation": "at the end",
    "stop_at_zero_error": False,
}
"""For time: the premise needs networks that have learned something, and no fit."""


@pytest.mark.control("2.1-error-grows")
@experiments(
    cpu_full={
        "labels-left-true": {
            level: [replace(it, **BRIEFLY) for it in of_level]
            for level, of_level in LEFT_TRUE.items()
        }
    }
)
def test_the_error_does_not_grow_where_labels_are_left_true(runs, judge):
    judge_error(judge, runs, "true labels", lambda run: 1 - run.test_accuracy)


NO_MORE_THAN_CHANCE = {"digits": 0.03, "cifar10": 0.02}
"""Of the test images: five deviations and more, where the labels' draw leaves 0.009 open on digits
and 0.0065 on CIFAR-10."""
FIRST_STEP = min(
    (published_at("fig1c", it, 0.1) - published_at("fig1c", it, 0.0) for it in FIGURE_1.values()),
    key=lambda it: it.value,
)
"""What corruption costs at least in the figure."""


def judge_cost(judge, level, runs):
    judge(
        corruption_cost(
            f"{runs[0].recipe.title}, p = {level}: accuracy that corrupted test labels cost"
            " beyond chance",
            runs,
        ),
        Equivalent(
            0.0,
            NO_MORE_THAN_CHANCE[runs[0].recipe.dataset],
            source="Section 2.1: with probability p a label becomes a uniform random class",
        ),
        otherwise=FIRST_STEP,
    )


@pytest.mark.claim("2.1-error-grows")
@experiments(cpu_full={"mlp-1x512-on-digits": DIGITS, **MLP_ON_CIFAR10}, gpu_full=CIFAR10)
def test_corrupted_test_labels_cost_what_chance_says(runs, judge):
    """Figure 1c's curve follows from the error against true labels and from p alone."""
    for level, of_level in runs.items():
        if 0 < float(level) < 1:
            judge_cost(judge, level, of_level)


@pytest.mark.control("2.1-error-grows")
@experiments(cpu_full={"leaked-test-images": LEAKED})
def test_leaked_test_labels_do_not_cost_that(runs, judge):
    for level in runs:
        judge_cost(judge, level, runs[level])


TWICE_IN_THE_FIGURE = (
    "Figure 1c has the same error of MLP 1x512 at p = 0.6 as at 0.7; ours at 0.6 is 2.6 points"
    " lower, near the line from the figure's 0.5 to its 0.7. At all other levels ours is within 1.3"
    " points of the figure's"
)
RISING = [level for level in ELEVEN if level < 0.8]
"""Beyond, the figure rises by 0.4 to 1.1 points a level, less than 10,000 images tell; 2.1-chance
judges p = 1."""


def in_figure_1c(levels):
    """Each network at each of these levels of its curve."""
    return {it: {f"{level:g}": CIFAR10[it][f"{level:g}"] for level in levels} for it in FIGURE_1}


@pytest.mark.claim("2.1-error-grows")
@experiments(
    cpu_full=each_level({"mlp-1x512": in_figure_1c(RISING)["mlp-1x512"]}),
    gpu_full=each_level(in_figure_1c(RISING)),
    known={
        "cpu_full-mlp-1x512-0.6": TWICE_IN_THE_FIGURE,
        "gpu_full-mlp-1x512-0.6": TWICE_IN_THE_FIGURE,
    },
)
def test_the_test_error_is_that_of_figure_1c(runs, judge):
    ((level, of_level),) = runs.items()
    network = of_level[0].recipe.model
    drawn = [published_at("fig1c", FIGURE_1[network], it) for it in ELEVEN]
    at = ELEVEN.index(float(level))
    check = reproduced(drawn[at])
    others = [it for it in drawn if it.value != drawn[at].value]
    judge(
        accuracy_as_drawn(f"{name_of(runs)}: test accuracy as drawn, p = {level}", of_level),
        replace(check, value=1 - check.value),
        otherwise=1 - nearest(drawn[at], others).value,
    )
