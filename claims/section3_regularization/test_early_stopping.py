"""3.1-early-stopping: on CIFAR-10 it has no benefit. ImageNet's part is in test_imagenet.

fast: MLP 1x512 on 256 digits, 12 seeds, 60 epochs. gpu_full: the Inceptions on 45,000 images of
CIFAR-10, 69 epochs, 1 seed. The best epoch is chosen on training images held out, as the paper's
footnote demands. Control: half of the labels noise, which is memorised late.
"""

import pytest

from claims.section2_capacity.recipes import on_digits
from claims.section3_regularization.recipes import EPOCHS, HELD_OUT, LEARNED_TO_THE_END, name_of
from harness.evidence import (
    AtMost,
    gain_of_early_stopping,
    published_gain_of_early_stopping,
    published_row,
)
from harness.plugin.experiments import experiments
from harness.training.protocol import paper_recipe

IN_FIGURE_2B = {
    "inception": "test Inception",
    "inception-without-batchnorm": "test Inception w/o BN",
}


def gain_on_imagenet(decay):
    """What the paper calls a potential gain: Table 2, best minus last."""
    row = {"labels": "true", "aug": False, "dropout": False, "weight_decay": decay}
    best, last = (
        published_row("table2_imagenet_inception_v3", part, **row)
        for part in ("top1_test_best", "top1_test")
    )
    return best - last


LEAST = min(map(gain_on_imagenet, (False, True)), key=lambda it: it.value)


def judge_gain(judge, runs):
    network = runs.all[0].recipe.model
    judge(
        gain_of_early_stopping(
            f"{name_of(network)}: test accuracy at the best epoch minus the last", runs.all
        ),
        AtMost(LEAST.value / 2, source="half of the least gain that Table 2 has in parentheses"),
        published_gain_of_early_stopping(IN_FIGURE_2B[network])
        if network in IN_FIGURE_2B
        else None,
        otherwise=LEAST,
    )


@pytest.mark.claim("3.1-early-stopping")
@experiments(
    fast={"mlp-1x512": LEARNED_TO_THE_END},
    gpu_full={
        network: [
            paper_recipe(
                network,
                "cifar10",
                "true-labels",
                train_size=45_000,
                validation_size=5_000,
                epochs=EPOCHS,
                evaluation="test every epoch",
            )
        ]
        for network in IN_FIGURE_2B
    },
)
def test_early_stopping_gains_nothing(runs, judge):
    judge_gain(judge, runs)


@pytest.mark.control("3.1-early-stopping")
@experiments(
    fast={
        "noisy-labels": [
            on_digits("mlp-1x512", "corrupted-0.5", seed, epochs=150, **HELD_OUT)
            for seed in range(140, 145)
        ]
    }
)
def test_early_stopping_gains_where_noise_is_memorised_late(runs, judge):
    judge_gain(judge, runs)
