"""Which experiments are of the paper's size, and what an expected failure must name."""

from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.linear.recipe import ConvNetRecipe, KernelRecipe
from harness.plugin.experiments import below_papers_size, experiments
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe

TRAINING = paper_recipe("mlp-1x512", "cifar10", "random-labels")
KERNEL = KernelRecipe(dataset="mnist", gamma=0.02)
FILTERS = ConvNetRecipe(dataset="cifar10", filters=(32_000,))


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        (TRAINING, {"dataset": "digits"}),
        (TRAINING, {"train_size": 10_000}),
        (TRAINING, {"epochs": 2}),
        (TRAINING, {"crop": 8}),
        (KERNEL, {"dataset": "digits"}),
        (KERNEL, {"held_out": 10_000}),
        (FILTERS, {"filters": (250, 2_000)}),
    ],
    ids=str,
)
def test_fewer_images_epochs_or_filters_are_below_the_papers_size(recipe, changes):
    small = replace(recipe, **changes)
    assert below_papers_size([recipe, small, KERNEL]) == [small]


def test_a_custom_network_on_smaller_images_is_below_the_papers_size():
    custom = CustomNetwork("mlp-1x16", image_size=16).recipe(TRAINING)
    assert below_papers_size([custom]) == [custom]


def test_a_finding_about_no_experiment_is_refused():
    with pytest.raises(HarnessError, match="'fast-typo'"):
        experiments(fast={"digits": [TRAINING]}, known={"fast-typo": "a reason"})
