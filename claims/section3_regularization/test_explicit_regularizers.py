"""3-table1, 3-not-necessary, 3-tuning-knob, 3-aug-over-wd: Table 1, true labels.

cpu_full (the MLPs) and gpu_full: all of CIFAR-10, 69 epochs, 1 seed. fast: the five networks on 256
digits for 3-not-necessary; for the others the controls, which judge Table 1's own numbers.
"""

import pytest

from claims.section2_capacity.recipes import MLPS, NETWORKS, SEEDS, on_digits, table1
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
    Equivalent,
    MoreThan,
    accuracy,
    difference_in_accuracy,
    exact,
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


@pytest.mark.fast
@pytest.mark.control("3-table1")
@pytest.mark.parametrize(("one", "other"), [("inception", "mlp-3x512"), ("alexnet", "mlp-1x512")])
def test_rows_of_two_models_swapped_are_not(one, other, judge):
    """Table 1's own numbers, with these two models' names exchanged."""
    for network, taken in ((one, other), (other, one)):
        value = published(taken).value
        measured = exact(f"{network}: test accuracy of {taken}", [value], "share")
        judge_row(judge, network, measured, published(network))


# --- 3-not-necessary -------------------------------------------------------------------------

LEAST = lowest([published(network) for network in NETWORKS])


def judge_generalization(judge, runs):
    """At full size against the network's own row; on digits against the least of all rows."""
    recipe = runs.all[0].recipe
    number = published(recipe.model)
    check = AtLeast(LEAST.value, source=f"{LEAST.where}, the least that generalises there")
    if runs.at_papers_size:
        tolerance = published_tolerance(name_of(recipe.model), number)
        check = AtLeast(
            number.value - tolerance.value, source=f"{number.where}; tolerance: {tolerance.where}"
        )
    name = f"{name_of(recipe.model)}: test accuracy, no regulariser"
    judge(accuracy(name, runs.all, "test"), check, number)


@pytest.mark.claim("3-not-necessary")
@experiments(
    fast={
        network: [on_digits(network, "true-labels", seed) for seed in SEEDS[network]]
        for network in NETWORKS
    },
    cpu_full={network: [table_1(network)] for network in MLPS},
    gpu_full={network: [table_1(network)] for network in NETWORKS},
)
def test_networks_generalise_without_regularisers(runs, judge):
    judge_generalization(judge, runs)


@pytest.mark.control("3-not-necessary")
@experiments(
    fast={"random-labels": [on_digits("mlp-1x512", "random-labels", seed) for seed in (40, 41, 42)]}
)
def test_networks_do_not_generalise_from_random_labels(runs, judge):
    judge_generalization(judge, runs)


# --- 3-tuning-knob ---------------------------------------------------------------------------


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


PUBLISHED = {row: published(*row) for row in TABLE_1}
BEYOND, WITHIN = published_spreads(PUBLISHED)


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


@pytest.mark.fast
@pytest.mark.control("3-tuning-knob")
def test_rows_that_mix_two_models_are_not_a_tuning_knob(judge):
    """Table 1's own numbers, the decayed rows of the Inception and of MLP 3x512 exchanged."""
    one, other = ("inception", False, True), ("mlp-3x512", False, True)
    mixed = {**PUBLISHED, one: PUBLISHED[other], other: PUBLISHED[one]}
    beyond, within = published_spreads(mixed)
    judge_knob(
        judge,
        exact("spread between minus within, rows mixed", [beyond.value], "share"),
        exact("spread within a model, rows mixed", [within.value], "share"),
    )


# --- 3-aug-over-wd ---------------------------------------------------------------------------

MORE = MoreThan(0.0, source="Table 1: random crops alone do better than weight decay alone")


@pytest.mark.claim("3-aug-over-wd")
@experiments(
    gpu_full={
        network: {
            "random crop": [table_1(network, crop=True)],
            "weight decay": [table_1(network, decay=True)],
        }
        for network in ("inception", "alexnet")
    }
)
def test_augmentation_helps_more_than_weight_decay(runs, judge):
    network = runs.all[0].recipe.model
    judge(
        difference_in_accuracy(
            f"{name_of(network)}: test accuracy, random crops minus weight decay",
            runs["random crop"],
            runs["weight decay"],
        ),
        MORE,
        published(network, crop=True) - published(network, decay=True),
    )


@pytest.mark.fast
@pytest.mark.control("3-aug-over-wd")
def test_augmented_rows_of_two_models_swapped_do_not(judge):
    """Table 1's own numbers: the Inception's decayed row is above Alexnet's augmented one."""
    least = lowest(
        [
            published(other, crop=True) - published(network, decay=True)
            for network, other in (("inception", "alexnet"), ("alexnet", "inception"))
        ]
    )
    judge(exact("least of both networks, swapped", [least.value], "share"), MORE)
