"""3-table1, 3-not-necessary, 3-tuning-knob: Table 1, true labels.

cpu_full (the MLPs) and gpu_full: all of CIFAR-10, 69 epochs, 1 seed. fast, 3-not-necessary alone:
the Inception and the MLPs on 256 digits, 1 to 8 seeds, beside a linear model.
"""

from dataclasses import replace

import pytest

from claims.section2_capacity.recipes import (
    AT_FAST,
    CHANCE,
    MLPS,
    NETWORKS,
    SEEDS,
    on_cifar10,
    on_digits,
    table1,
)
from claims.section3_regularization.recipes import (
    TABLE_1,
    label_of,
    name_of,
    table_1,
    with_coefficient,
)
from harness.evidence import (
    AtLeast,
    AtMost,
    accuracy,
    difference_in_accuracy,
    nearest,
    no_lower,
    reproduced,
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


def judge_row(judge, network, measured, number):
    """Equal to the published accuracy, and not to be taken for another network's like row."""
    words = measured.column
    row = {"crop": number.rows[0]["random_crop"], "decay": number.rows[0]["weight_decay"]}
    others = [(it, row["crop"], row["decay"]) for it in NETWORKS if it != network]
    like = [published(*it) for it in others if it in TABLE_1] if words == "test" else []
    judge(measured, reproduced(number), number, otherwise=nearest(number, like) if like else CHANCE)


ANOTHER_COEFFICIENT = (
    "better than published: 52.34 % of the test images in fp32 and 51.96 to 52.14 % in bf16 with"
    " the coefficient 0.0005, 1.6 to 2.0 points more than the paper has with one that it does not"
    " give, and 99.94 % of the training images against 99.80 %. There weight decay costs MLP 1x512"
    " 0.1 points, here it gains 0.8 to 1.3"
)
TOO_COARSE = (
    "one run cannot tell: the rows of the two MLPs are 1.9 points apart, and two runs of one of"
    " them differ by less than 1.3 in 19 of 20 cases. Four runs of MLP 1x512 have 50.8 to 51.8 % of"
    " the test images (published 50.51), five of MLP 3x512 53.0 to 54.1 % (published 52.39)"
)
KNOWN = {
    "mlp-3x512": TOO_COARSE,
    "mlp-1x512": TOO_COARSE,
    "mlp-1x512-decay": ANOTHER_COEFFICIENT,
}


@pytest.mark.claim("3-table1")
@experiments(
    cpu_full={label_of(*row): [table_1(*row)] for row in TABLE_1 if row[0] in MLPS},
    gpu_full={label_of(*row): [table_1(*row)] for row in TABLE_1},
    known={f"{tier}-{row}": why for tier in ("cpu_full", "gpu_full") for row, why in KNOWN.items()},
)
def test_a_row_of_table_1_is_reproduced(runs, judge):
    recipe = runs.all[0].recipe
    row = (recipe.model, "random crop" in recipe.augmentation, bool(recipe.weight_decay))
    test, train = (
        with_coefficient(accuracy(f"{label_of(*row)}: {words} accuracy", runs.all, part), recipe)
        for words, part in (("test", "test"), ("training", "train"))
    )
    judge_row(judge, recipe.model, test, published(*row))
    judge_row(judge, recipe.model, train, published(*row, part="train"))


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
BETWEEN = BEYOND.value + WITHIN.value
"""The spread between networks without regularisers."""


def judge_generalization(judge, runs):
    """At full size, against the network's own row."""
    recipe = runs.all[0].recipe
    number = published(recipe.model)
    name = f"{name_of(recipe.model)}: test accuracy, no regulariser"
    judge(accuracy(name, runs.all, "test"), no_lower(number), number, otherwise=CHANCE)


@pytest.mark.claim("3-not-necessary")
@experiments(
    cpu_full={network: [table_1(network)] for network in MLPS},
    gpu_full={network: [table_1(network)] for network in NETWORKS},
)
def test_networks_generalise_without_regularisers(runs, judge):
    judge_generalization(judge, runs)


def beside_a_learner(setting, networks):
    """And a linear model on the same images, always with their true labels."""
    seeds = [(network, seed) for network, its in networks.items() for seed in its]
    return {
        "networks": [on_digits(network, setting, seed) for network, seed in seeds],
        "linear": [on_digits("linear", "true-labels", seed) for _, seed in seeds],
    }


def judge_learning(judge, name, runs):
    """As good as a linear model, to within what regularisers do in Table 1."""
    name = f"{name}: test accuracy minus a linear model's"
    judge(
        difference_in_accuracy(name, runs["networks"], runs["linear"]),
        AtLeast(
            -WITHIN.value,
            source=f"a linear model, less the most that regularisers do: {WITHIN.where}",
        ),
        otherwise=-BETWEEN,
    )


@pytest.mark.claim("3-not-necessary")
@experiments(
    fast={"three-networks": beside_a_learner("true-labels", {it: SEEDS[it] for it in AT_FAST})}
)
def test_networks_generalise_as_well_as_a_linear_model(runs, judge):
    """All together: 1,000 test digits leave 2.6 points open for a single run."""
    judge_learning(judge, "three networks", runs)


@pytest.mark.control("3-not-necessary")
@experiments(fast={"random-labels": beside_a_learner("random-labels", {"mlp-1x512": (40, 41, 42)})})
def test_networks_do_not_generalise_from_random_labels(runs, judge):
    judge_learning(judge, "MLP 1x512, random labels", runs)


# --- 3-tuning-knob ---------------------------------------------------------------------------


HALF_RANDOM = ("inception", False, True)


def judge_knob(judge, beyond, within):
    """Half of what Table 1 has, and twice: it has single runs.

    Between the models: highest minus lowest test accuracy of the five without regularisers. Within
    one: the largest highest minus lowest over a network's own rows. ``beyond`` is their difference.
    """
    judge(
        beyond,
        AtLeast(
            BEYOND.value / 2,
            source="Table 1: half of how far the spread between models exceeds that within one",
        ),
        BEYOND,
        otherwise=0.0,
    )
    judge(
        within,
        AtMost(2 * WITHIN.value, source="Table 1: the largest spread within a model, times 2"),
        WITHIN,
        otherwise=BETWEEN,
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
