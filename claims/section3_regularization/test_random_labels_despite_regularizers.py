"""3-table4: random labels are fitted with weight decay, cropping or augmentation switched on."""

import pytest

from claims.section3_regularization.coefficients import with_coefficient
from claims.section3_regularization.trials import (
    augmented_trials,
    decayed_trials,
    name_of,
    plain_alexnet,
    too_much_decay,
)
from harness.evidence import AtLeast, AtMost, Attains, accuracy, online_accuracy, published_row
from harness.plugin.trials import trials, with_findings

TABLE_4 = "table4_random_labels_despite_regularizers_cifar10"
CONVERGED = 0.9
"""Below this a network has failed to converge: every other row of the table is above 0.99."""


def published(network, regularizer):
    return published_row(TABLE_4, "train", model=name_of(network), regularizer=regularizer)


def judge_decayed(judge, trial, runs):
    model = runs[0].recipe.model
    name = f"{name_of(model)}: training accuracy with weight decay"
    number = published(model, "weight decay")
    if trial.scale == "paper" and number.value < 1:
        check = Attains(number.value, source=number.where)
    else:
        check = Attains(1.0, source=f"{number.where}; Section 3: still fits random labels")
    judge(with_coefficient(accuracy(name, runs, "train"), runs[0].recipe), check, number)


def split(every, network):
    """Trials of a network, and the others."""
    of_it = [trial for trial in every if trial.label.startswith(network)]
    return of_it, [trial for trial in every if trial not in of_it]


FINDINGS = {
    "mlp-1x512-decay": "98.84 % of 50,000 random labels after 100 epochs in fp32 and"
    " 98.94 % in bf16 with the coefficient 0.0005, where the paper has 99.21 % with one that it"
    " does not give; without weight decay 99.24 % are fitted (99.28 % in bf16)",
}
ALEXNET, OTHERS = split(
    with_findings(decayed_trials(), FINDINGS),
    "alexnet",
)


@pytest.mark.claim("3-table4")
@trials(*OTHERS)
def test_random_labels_are_fitted_with_weight_decay(trial, laboratory, judge):
    judge_decayed(judge, trial, laboratory.runs(trial)["random labels"])


def judge_failure(judge, runs):
    recipe = runs[0].recipe
    name = f"Alexnet: training accuracy, {recipe.regularizers or 'plain'}"
    judge(
        with_coefficient(accuracy(name, runs, "train"), recipe),
        AtMost(CONVERGED, source="Table 4: Alexnet with weight decay failed to converge"),
    )


@pytest.mark.claim("3-table4")
@trials(*ALEXNET)
def test_alexnet_with_weight_decay_fails_to_converge(trial, laboratory, judge):
    judge_failure(judge, laboratory.runs(trial)["random labels"])


@pytest.mark.control("3-table4")
@trials(plain_alexnet())
def test_alexnet_without_weight_decay_converges(trial, laboratory, judge):
    judge_failure(judge, laboratory.runs(trial)["random labels"])


REGULARIZERS = {
    "random crop": "random cropping",
    "flip": "augmentation: left-right flip and rotation up to 25 degrees",
}


@pytest.mark.claim("3-table4")
@trials(*augmented_trials())
def test_random_labels_are_fitted_with_augmentation(trial, laboratory, judge):
    """Each image is another one every epoch: the accuracy is that of the batches as they came.

    On digits it is another network's, of which the table has no such row.
    """
    runs = laboratory.runs(trial)["random labels"]
    model, first = runs[0].recipe.model, runs[0].recipe.augmentation[0]
    measured = online_accuracy(f"{name_of(model)}: online accuracy, {trial.label}", runs)
    if trial.scale == "paper":
        number = published(model, REGULARIZERS[first])
        judge(measured, AtLeast(number.value, source=number.where), number)
    else:
        judge(measured, AtLeast(CONVERGED, source="Table 4: what converges there is above 0.99"))


@pytest.mark.control("3-table4")
@trials(too_much_decay())
def test_a_hundred_times_the_weight_decay_is_too_much(trial, laboratory, judge):
    judge_decayed(judge, trial, laboratory.runs(trial)["random labels"])
