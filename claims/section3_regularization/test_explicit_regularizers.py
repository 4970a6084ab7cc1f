"""3-table1, 3-not-necessary, 3-tuning-knob, 3-aug-over-wd: Table 1, true labels.

cpu_full (the MLPs) and gpu_full: all of CIFAR-10, 69 epochs, 1 seed. fast: 256 digits; the five
networks for 3-not-necessary (1 to 8 seeds), MLP 1x512 for 3-aug-over-wd (8 seeds).
"""

from dataclasses import replace

import pytest

from claims.section2_capacity.recipes import (
    MLPS,
    NETWORKS,
    SEEDS,
    on_cifar10,
    on_digits,
    table1,
)
from claims.section3_regularization.recipes import (
    CROP,
    TABLE_1,
    WEIGHT_DECAY,
    label_of,
    name_of,
    table_1,
    with_coefficient,
)
from harness.evidence import (
    AtLeast,
    AtMost,
    Equivalent,
    MoreThan,
    accuracy,
    difference_in_accuracy,
    published_tolerance,
    spread_between_and_within,
)
from harness.plugin.experiments import experiments


def published(network, crop=False, decay=False, part="test"):
    return table1(network, part, crop=crop, decay=decay)


def highest(numbers):
    return max(numbers, key=lambda it: it.value)


def lowest(numbers):
    return min(numbers, key=lambda it: it.value)


# --- 3-table1 --------------------------------------------------------------------------------

SHORT_OF_ZERO = 1 - min(table1(network, "train", "random").value for network in NETWORKS)
"""By how much Table 1 falls short of zero training error, which the text has for all networks."""


def judge_row(judge, network, measured, number):
    """Equal to the published accuracy, to within the paper's disagreement with itself."""
    tolerance = published_tolerance(name_of(network), number)
    judge(
        measured,
        Equivalent(
            number.value, tolerance.value, source=f"{number.where}; tolerance: {tolerance.where}"
        ),
        number,
    )


ANOTHER_COEFFICIENT = (
    "52.34 % of the test images in fp32 and 51.96 % in bf16 (seed 0) with the coefficient 0.0005:"
    " 2.0 and 1.6 points more than the paper has with one that it does not give. There weight decay"
    " costs MLP 1x512 0.1 points, here it gains 1.3 in both; the other three rows of the MLPs are"
    " within 1.1 points"
)


@pytest.mark.claim("3-table1")
@experiments(
    cpu_full={label_of(*row): [table_1(*row)] for row in TABLE_1 if row[0] in MLPS},
    gpu_full={label_of(*row): [table_1(*row)] for row in TABLE_1},
    known={
        "cpu_full-mlp-1x512-decay": ANOTHER_COEFFICIENT,
        "gpu_full-mlp-1x512-decay": ANOTHER_COEFFICIENT,
    },
)
def test_a_row_of_table_1_is_reproduced(runs, judge):
    recipe = runs.all[0].recipe
    row = (recipe.model, "random crop" in recipe.augmentation, bool(recipe.weight_decay))
    test, train = (
        with_coefficient(accuracy(f"{label_of(*row)}: {words} accuracy", runs.all, part), recipe)
        for words, part in (("test", "test"), ("training", "train"))
    )
    judge_row(judge, recipe.model, test, published(*row))
    number = published(*row, part="train")
    judge(
        train,
        AtLeast(
            number.value - SHORT_OF_ZERO,
            source=f"{number.where}, less what Table 1 falls short of the text's zero error",
        ),
        number,
    )


@pytest.mark.control("3-table1")
@experiments(cpu_full={"mlp-1x512-half-random": [on_cifar10("mlp-1x512", "corrupted-0.5")]})
def test_a_row_trained_on_half_random_labels_is_not(runs, judge):
    test = accuracy("mlp-1x512, half of the labels random: test accuracy", runs.all, "test")
    judge_row(judge, "mlp-1x512", test, published("mlp-1x512"))


# --- 3-not-necessary -------------------------------------------------------------------------


def published_spreads(rows):
    """The spread between networks without regularisers minus the largest spread within one; the
    latter. ``rows`` maps (network, random crop, weight decay) to a published number.
    """
    plain = [number for (_, *on), number in rows.items() if not any(on)]
    within = []
    for network in NETWORKS:
        of_it = [number for (name, *_), number in rows.items() if name == network]
        within.append(highest(of_it) - lowest(of_it))
    return (highest(plain) - lowest(plain)) - highest(within), highest(within)


BEYOND, WITHIN = published_spreads({row: published(*row) for row in TABLE_1})


def judge_generalization(judge, runs):
    """At full size, against the network's own row."""
    recipe = runs.all[0].recipe
    number = published(recipe.model)
    tolerance = published_tolerance(name_of(recipe.model), number)
    judge(
        accuracy(f"{name_of(recipe.model)}: test accuracy, no regulariser", runs.all, "test"),
        AtLeast(
            number.value - tolerance.value, source=f"{number.where}; tolerance: {tolerance.where}"
        ),
        number,
    )


@pytest.mark.claim("3-not-necessary")
@experiments(
    cpu_full={network: [table_1(network)] for network in MLPS},
    gpu_full={network: [table_1(network)] for network in NETWORKS},
)
def test_networks_generalise_without_regularisers(runs, judge):
    judge_generalization(judge, runs)


def beside_a_learner(network, setting, seeds):
    """And a linear model on the same images with their true labels."""
    return {
        network: [on_digits(network, setting, seed) for seed in seeds],
        "linear": [on_digits("linear", "true-labels", seed) for seed in seeds],
    }


def judge_learning(judge, runs):
    """As good as a linear model, to within what regularisers do in Table 1."""
    network, linear = runs.values()
    judge(
        difference_in_accuracy(
            f"{name_of(network[0].recipe.model)}: test accuracy minus a linear model's",
            network,
            linear,
        ),
        AtLeast(
            -WITHIN.value,
            source=f"a linear model, less the most that regularisers do: {WITHIN.where}",
        ),
    )


@pytest.mark.claim("3-not-necessary")
@experiments(
    fast={network: beside_a_learner(network, "true-labels", SEEDS[network]) for network in NETWORKS}
)
def test_networks_generalise_as_well_as_a_learner_of_few_parameters(runs, judge):
    judge_learning(judge, runs)


@pytest.mark.control("3-not-necessary")
@experiments(fast={"random-labels": beside_a_learner("mlp-1x512", "random-labels", (40, 41, 42))})
def test_networks_do_not_generalise_from_random_labels(runs, judge):
    judge_learning(judge, runs)


# --- 3-tuning-knob ---------------------------------------------------------------------------


HALF_RANDOM = ("inception", False, True)


def judge_knob(judge, beyond, within):
    """Half of what Table 1 has, and twice: it has single runs."""
    judge(
        beyond,
        AtLeast(
            BEYOND.value / 2,
            source="Table 1: half of how far the spread between models exceeds that within one",
        ),
        BEYOND,
    )
    judge(
        within,
        AtMost(2 * WITHIN.value, source="Table 1: the largest spread within a model, times 2"),
        WITHIN,
    )


@pytest.mark.claim("3-tuning-knob")
@experiments(
    gpu_full={
        "table-1": {
            network: [table_1(*row) for row in TABLE_1 if row[0] == network] for network in NETWORKS
        }
    }
)
def test_regularisers_matter_less_than_the_architecture(runs, judge):
    """All 14 rows of Table 1, by network: random crops and weight decay off and on."""
    judge_knob(
        judge,
        *spread_between_and_within(
            "test accuracy, spread between networks minus the largest within one", runs
        ),
    )


@pytest.mark.control("3-tuning-knob")
@experiments(
    gpu_full={
        "a-row-on-half-random-labels": {
            network: [
                replace(table_1(*row), label_corruption=0.5)
                if row == HALF_RANDOM
                else table_1(*row)
                for row in TABLE_1
                if row[0] == network
            ]
            for network in NETWORKS
        }
    }
)
def test_a_row_on_half_random_labels_is_no_tuning_knob(runs, judge):
    """A regulariser that replaces half of the labels, in the place of weight decay."""
    judge_knob(
        judge,
        *spread_between_and_within("half of the labels random, between minus within", runs),
    )


# --- 3-aug-over-wd ---------------------------------------------------------------------------

MORE = MoreThan(0.0, source="Table 1: random crops alone do better than weight decay alone")


def on_small_digits(seed, **changes):
    """Digits cropped to 7x7 pixels, so that there are crops to choose from."""
    fixed = {"crop": 7, "epochs": 150, "stop_at_zero_error": False, "evaluation": "at the end"}
    return on_digits("mlp-1x512", "true-labels", seed, **fixed, **changes)


CROPPED = [on_small_digits(seed, augmentation=CROP) for seed in SEEDS["mlp-1x512"]]
REPLACED = [
    on_small_digits(seed, inputs="random pixels", redraw="inputs each access")
    for seed in SEEDS["mlp-1x512"][:3]
]
DECAYED = [
    on_small_digits(seed, weight_decay=WEIGHT_DECAY["mlp-1x512"]) for seed in SEEDS["mlp-1x512"]
]


def judge_augmentation(judge, name, runs, number=None):
    augmented, decayed = runs.values()
    name = f"{name}: test accuracy minus that with weight decay"
    judge(difference_in_accuracy(name, augmented, decayed), MORE, number)


@pytest.mark.claim("3-aug-over-wd")
@experiments(
    fast={"mlp-1x512": {"random crop": CROPPED, "weight decay": DECAYED}},
    gpu_full={
        network: {
            "random crop": [table_1(network, crop=True)],
            "weight decay": [table_1(network, decay=True)],
        }
        for network in ("inception", "alexnet")
    },
)
def test_augmentation_helps_more_than_weight_decay(runs, judge):
    """Of MLP 1x512 the paper has no row with crops."""
    network = runs.all[0].recipe.model
    rows = (
        published(network, crop=True) - published(network, decay=True)
        if runs.at_papers_size
        else None
    )
    judge_augmentation(judge, f"{name_of(network)}, random crops", runs, rows)


@pytest.mark.control("3-aug-over-wd")
@experiments(fast={"the-image-is-replaced": {"augmented": REPLACED, "weight decay": DECAYED[:3]}})
def test_an_augmentation_that_replaces_the_image_does_not(runs, judge):
    """Its pixels are permuted anew at each access."""
    judge_augmentation(judge, "MLP 1x512, pixels permuted anew", runs)
