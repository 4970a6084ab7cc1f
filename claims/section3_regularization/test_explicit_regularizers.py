"""3-table1, 3-not-necessary, 3-tuning-knob, 3-aug-over-wd: Table 1."""

import pytest

from claims.section2_capacity.trials import fast
from claims.section3_regularization.coefficients import with_coefficient
from claims.section3_regularization.trials import (
    TABLE_1,
    augmentation_or_decay_trials,
    label_of,
    name_of,
    plain_trials,
    table_1_trials,
    whole_table_trial,
)
from harness.evidence import (
    AtLeast,
    AtMost,
    Equivalent,
    MoreThan,
    accuracy,
    difference_in_accuracy,
    exact,
    published_row,
    published_tolerance,
    spread_between_and_within,
)
from harness.plugin.trials import Trial, trials, with_findings


def published(network, crop, decay, field="test"):
    return published_row(
        "table1_cifar10",
        field,
        model=name_of(network),
        labels="true",
        random_crop=crop,
        weight_decay=decay,
    )


def is_regularized(recipe):
    return "random crop" in recipe.augmentation, bool(recipe.weight_decay)


# --- 3-table1 --------------------------------------------------------------------------------

SHORT_OF_ZERO = 1 - min(
    published_row("table1_cifar10", "train", model=name_of(network), labels="random").value
    for network in dict.fromkeys(row[0] for row in TABLE_1)
)
"""The text has all networks reach zero training error on random labels; Table 1 has less."""


def judge_row(judge, row, measured, number):
    """The rows of one network are within each other's tolerance, and a baseline's. That they are
    trained as they say, `harness/tests/evidence/test_published_rows.py` and the baseline of a
    training with all regularisers on see to; what crops do and weight decay does not,
    3-aug-over-wd tells.
    """
    tolerance = published_tolerance(name_of(row[0]), number)
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
FINDINGS = {"mlp-1x512-decay": ANOTHER_COEFFICIENT}


@pytest.mark.claim("3-table1")
@trials(*with_findings(table_1_trials(), FINDINGS))
def test_a_row_of_table_1_is_reproduced(trial, laboratory, judge):
    runs = laboratory.runs(trial)["row"]
    recipe = runs[0].recipe
    row = (recipe.model, *is_regularized(recipe))
    test, train = (
        with_coefficient(accuracy(f"{label_of(*row)}: {words} accuracy", runs, part), recipe)
        for words, part in (("test", "test"), ("training", "train"))
    )
    judge_row(judge, row, test, published(*row))
    number = published(*row, field="train")
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
    """The published table itself, with these two models' names exchanged."""
    for network, taken in ((one, other), (other, one)):
        row, number = (network, False, False), published(taken, False, False)
        measured = exact(f"{label_of(*row)}: test accuracy of {taken}", [number.value], "share")
        judge_row(judge, row, measured, published(*row))


# --- 3-not-necessary -------------------------------------------------------------------------

LEAST = min((published(*row) for row in TABLE_1 if not any(row[1:])), key=lambda it: it.value)


def judge_generalization(judge, runs):
    """At full size against the network's own row; on digits against the least of all rows."""
    recipe = runs[0].recipe
    number = published(recipe.model, False, False)
    tolerance = published_tolerance(name_of(recipe.model), number)
    check = AtLeast(
        number.value - tolerance.value, source=f"{number.where}; tolerance: {tolerance.where}"
    )
    if recipe.dataset != "cifar10":
        check = AtLeast(LEAST.value, source=f"{LEAST.where}, the least that generalises there")
    judge(
        accuracy(f"{name_of(recipe.model)}: test accuracy, no regulariser", runs, "test"),
        check,
        number,
    )


@pytest.mark.claim("3-not-necessary")
@trials(*plain_trials())
def test_networks_generalise_without_regularisers(trial, laboratory, judge):
    judge_generalization(judge, laboratory.runs(trial)["true labels"])


@pytest.mark.control("3-not-necessary")
@trials(
    Trial(
        "fast",
        "random-labels",
        "scaled",
        {"random labels": [fast("mlp-1x512", "random-labels", seed) for seed in (40, 41, 42)]},
    )
)
def test_networks_do_not_generalise_from_random_labels(trial, laboratory, judge):
    judge_generalization(judge, laboratory.runs(trial)["random labels"])


# --- 3-tuning-knob ---------------------------------------------------------------------------


def published_spreads(rows):
    """Spread between models without regularisers minus the largest within one; and the latter.

    ``rows`` maps (network, random crop, weight decay) to a published number.
    """
    plain = [number for (_, *on), number in rows.items() if not any(on)]
    networks = dict.fromkeys(network for network, *_ in rows)
    spreads = []
    for network in networks:
        own = [number for (name, *_), number in rows.items() if name == network]
        spreads.append(highest(own) - lowest(own))
    within = highest(spreads)
    return (highest(plain) - lowest(plain)) - within, within


def highest(numbers):
    return max(numbers, key=lambda it: it.value)


def lowest(numbers):
    return min(numbers, key=lambda it: it.value)


AS_PUBLISHED = {row: published(*row) for row in TABLE_1}
KNOB, WITHIN = published_spreads(AS_PUBLISHED)


def judge_knob(judge, measured):
    judge(
        measured,
        AtLeast(
            KNOB.value / 2,
            source="Table 1: half of how far the spread between models exceeds that within one",
        ),
        KNOB,
    )


def judge_within(judge, measured):
    """Twice what the paper has: it is a maximum over five networks, of single runs."""
    judge(
        measured,
        AtMost(2 * WITHIN.value, source="Table 1: the largest spread within a model, times 2"),
        WITHIN,
    )


@pytest.mark.claim("3-tuning-knob")
@trials(whole_table_trial())
def test_regularisers_matter_less_than_the_architecture(trial, laboratory, judge):
    difference, within = spread_between_and_within(
        "test accuracy, spread between networks minus the largest within one",
        laboratory.runs(trial),
    )
    judge_knob(judge, difference)
    judge_within(judge, within)


@pytest.mark.fast
@pytest.mark.control("3-tuning-knob")
def test_rows_that_mix_two_models_are_not_a_tuning_knob(judge):
    """The published table, with the decayed rows of the Inception and of MLP 3x512 exchanged."""
    one, other = ("inception", False, True), ("mlp-3x512", False, True)
    mixed = {**AS_PUBLISHED, one: AS_PUBLISHED[other], other: AS_PUBLISHED[one]}
    difference, within = published_spreads(mixed)
    judge_knob(judge, exact("spread between minus within, rows mixed", [difference.value], "share"))
    judge_within(judge, exact("spread within a model, rows mixed", [within.value], "share"))


# --- 3-aug-over-wd ---------------------------------------------------------------------------


def judge_augmentation(judge, measured, number):
    source = "Table 1: random crops alone do better than weight decay alone"
    judge(measured, MoreThan(0.0, source=source), number)


@pytest.mark.claim("3-aug-over-wd")
@trials(*augmentation_or_decay_trials())
def test_augmentation_helps_more_than_weight_decay(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    network = runs["random crop"][0].recipe.model
    judge_augmentation(
        judge,
        difference_in_accuracy(
            f"{name_of(network)}: test accuracy, random crops minus weight decay",
            runs["random crop"],
            runs["weight decay"],
        ),
        published(network, True, False) - published(network, False, True),
    )


@pytest.mark.fast
@pytest.mark.control("3-aug-over-wd")
def test_augmented_rows_of_two_models_swapped_do_not(judge):
    """The published table: the Inception's decayed row is above Alexnet's augmented one."""
    swapped = {"inception": "alexnet", "alexnet": "inception"}
    differences = [
        published(other, True, False) - published(network, False, True)
        for network, other in swapped.items()
    ]
    least = lowest(differences).value
    judge_augmentation(judge, exact("least of both networks, swapped", [least], "share"), None)
