"""3-aug-over-wd: random crops help more than weight decay.

Table 1, true labels. gpu_full: the Inception and Alexnet on all of CIFAR-10, 69 epochs, 1 seed. For
ImageNet see test_imagenet.py.
"""

from dataclasses import replace

import pytest

from claims.section3_regularization.recipes import name_of, table_1
from claims.section3_regularization.test_explicit_regularizers import lowest, published
from harness.evidence import AtLeast, difference_in_accuracy
from harness.plugin.experiments import experiments

MORE = lowest(
    [published(it, crop=True) - published(it, decay=True) for it in ("inception", "alexnet")]
)


def judge_augmentation(judge, name, runs, number=None):
    augmented, decayed = runs.values()
    name = f"{name}: test accuracy minus that with weight decay"
    judge(
        difference_in_accuracy(name, augmented, decayed),
        AtLeast(MORE.value / 2, source=f"half of {MORE.where}: single runs"),
        number,
        otherwise=0.0,
    )


@pytest.mark.claim("3-aug-over-wd")
@experiments(
    gpu_full={
        network: {
            "random crop": [table_1(network, crop=True)],
            "weight decay": [table_1(network, decay=True)],
        }
        for network in ("inception", "alexnet")
    },
)
def test_augmentation_helps_more_than_weight_decay(runs, judge):
    network = runs.all[0].recipe.model
    judge_augmentation(
        judge,
        f"{name_of(network)}, random crops",
        runs,
        published(network, crop=True) - published(network, decay=True),
    )


PIXELS_ANEW = {"inputs": "random pixels", "redraw": "inputs each access"}


@pytest.mark.control("3-aug-over-wd")
@experiments(
    gpu_full={
        "the-image-is-replaced": {
            "augmented": [replace(table_1("alexnet"), **PIXELS_ANEW)],
            "weight decay": [table_1("alexnet", decay=True)],
        }
    }
)
def test_an_augmentation_that_replaces_the_image_does_not(runs, judge):
    """Its pixels are permuted anew at each access."""
    judge_augmentation(judge, "Alexnet, pixels permuted anew", runs)
