"""What a trial refuses: evidence that would count as the paper's own, and is not."""

from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.linear.recipe import ConvNetRecipe, KernelRecipe
from harness.plugin.trials import Trial, below_papers_size
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe

FULL = {"model": "mlp-1x512", "dataset": "cifar10", "setting": "random-labels"}


def recipe(**changes):
    """All of CIFAR-10, but for the changes."""
    return paper_recipe(**{**FULL, **changes})


@pytest.mark.parametrize("scale", ["paper", "exact"])
@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "digits"},
        {"dataset": "mnist"},
        {"train_size": 10_000},
        {"epochs": 2},
        {"crop": 8},
    ],
    ids=str,
)
def test_scaled_evidence_never_counts_as_the_papers_own(changes, scale):
    groups = {"whole": [recipe()], "small": [recipe(**changes)]}
    with pytest.raises(HarnessError, match=f"scale = '{scale}', but .* is not of the paper's size"):
        Trial("gpu_full", "it", scale, groups)
    assert Trial("gpu_full", "it", "scaled", groups).scale == "scaled"
    assert Trial("gpu_full", "it", "paper", {"whole": [recipe()]}).scale == "paper"


def test_a_network_of_ones_own_on_smaller_images_is_scaled():
    own = CustomNetwork("mlp-1x16", image_size=16).recipe(recipe())
    assert below_papers_size([own]) == [own] and below_papers_size([recipe()]) == []


KERNEL = KernelRecipe(dataset="mnist", gamma=0.02)
FILTERS = ConvNetRecipe(dataset="cifar10", filters=(32_000,))


@pytest.mark.parametrize(
    ("solve", "changes"),
    [
        (KERNEL, {"dataset": "digits"}),
        (KERNEL, {"train_size": 5_000}),
        (KERNEL, {"held_out": 10_000}),
        (FILTERS, {"filters": (250, 2_000)}),
        (FILTERS, {"train_size": 40_000}),
    ],
    ids=str,
)
def test_a_solve_of_fewer_images_or_filters_is_below_the_papers_size(solve, changes):
    small = replace(solve, **changes)
    assert below_papers_size([solve, small, KERNEL]) == [small]
