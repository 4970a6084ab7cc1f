"""3.1-early-stopping: on CIFAR-10 it has no benefit. ImageNet's part is in test_imagenet."""

import pytest

from claims.section3_regularization.trials import (
    early_stopping_trials,
    name_of,
    overfitting_late,
)
from harness.evidence import (
    AtMost,
    gain_of_early_stopping,
    published_gain_of_early_stopping,
    published_row,
)
from harness.plugin.trials import trials

IN_FIGURE_2B = {
    "inception": "test Inception",
    "inception-without-batchnorm": "test Inception w/o BN",
}
ON_IMAGENET = [
    published_row(
        "table2_imagenet_inception_v3",
        "top1_test_best",
        labels="true",
        aug=False,
        dropout=False,
        weight_decay=decay,
    )
    - published_row(
        "table2_imagenet_inception_v3",
        "top1_test",
        labels="true",
        aug=False,
        dropout=False,
        weight_decay=decay,
    )
    for decay in (False, True)
]
"""What the paper calls a potential gain."""
NONE = min(gain.value for gain in ON_IMAGENET) / 2


def judge_gain(judge, runs):
    network = runs[0].recipe.model
    judge(
        gain_of_early_stopping(
            f"{name_of(network)}: test accuracy at the best epoch minus the last", runs
        ),
        AtMost(NONE, source="half of the least gain that Table 2 has in parentheses"),
        published_gain_of_early_stopping(IN_FIGURE_2B[network])
        if network in IN_FIGURE_2B
        else None,
    )


@pytest.mark.claim("3.1-early-stopping")
@trials(*early_stopping_trials())
def test_early_stopping_gains_nothing(trial, laboratory, judge):
    """The best epoch is chosen on training images held out, as the paper's footnote demands."""
    judge_gain(judge, laboratory.runs(trial)["true labels"])


@pytest.mark.control("3.1-early-stopping")
@trials(overfitting_late())
def test_early_stopping_gains_where_noise_is_memorised_late(trial, laboratory, judge):
    judge_gain(judge, laboratory.runs(trial)["noisy labels"])
