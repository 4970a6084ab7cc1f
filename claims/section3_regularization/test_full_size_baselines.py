"""Regression baselines at full size: where trainings on CIFAR-10 ended when they were measured.

They are tight where the paper's own numbers allow only for a wide tolerance. cpu_full: the MLPs.
gpu_full: every network, each from the day on which it was first measured.
"""

import pytest

from claims.section2_capacity.recipes import (
    ELEVEN,
    FIGURE_1,
    MLPS,
    NETWORKS,
    at_level,
    on_cifar10,
)
from claims.section3_regularization.recipes import (
    CROP,
    TABLE_1,
    TURN,
    augmented,
    decayed,
    label_of,
    table_1,
)
from harness.plugin.baselines import Tolerance, baseline_path


def pinned(networks, levels):
    """Names of files, and the trainings whose ends they hold."""
    named = {f"random-labels-{it}": on_cifar10(it, "random-labels") for it in networks}
    named |= {
        f"true-labels-{label_of(*row)}": table_1(*row) for row in TABLE_1 if row[0] in networks
    }
    with_decay = [it for it in networks if it != "inception-without-batchnorm"]
    named |= {f"random-labels-{network}-decay": decayed(network) for network in with_decay}
    if "inception" in networks:
        named["random-labels-inception-crop"] = augmented(CROP)
        named["random-labels-inception-flip-and-rotation"] = augmented(TURN)
    return named | {
        f"corrupted-{level:g}-{network}": on_cifar10(network, at_level(level))
        for network in levels
        for level in ELEVEN
        if 0 < level < 1
    }


RECIPES = {
    "cpu_full": pinned(MLPS, ["mlp-1x512"]),
    "gpu_full": pinned(NETWORKS, FIGURE_1),
}


@pytest.mark.parametrize(
    ("tier", "name"),
    [
        pytest.param(
            tier,
            name,
            marks=[
                getattr(pytest.mark, tier),
                pytest.mark.baseline(name),
                pytest.mark.needs(training=[recipe]),
            ],
            id=f"{tier}-{name}",
        )
        for tier, named in RECIPES.items()
        for name, recipe in named.items()
    ],
)
def test_a_full_size_training_ends_as_it_did(tier, name, request, runs, baseline):
    """Of the GPU's tier a training has a baseline once it was measured on such a device."""
    regenerated = request.config.getoption("force_regen")
    if tier == "gpu_full" and not regenerated and not baseline_path(request.node).is_file():
        pytest.skip(f"no baseline of {name} has been measured on this device: see --force-regen")
    (run,) = runs.all
    outcome = run.outcome
    columns = {
        "train_accuracy": [outcome.train_accuracy],
        "test_accuracy": [outcome.test_accuracy],
    }
    tolerances = {
        "train_accuracy": Tolerance("another path to nearly all", absolute=0.005),
        "test_accuracy": Tolerance("10,000 images, three deviations", absolute=0.015),
    }
    if run.recipe.score_corrupted_test:
        columns["corrupted_test_accuracy"] = [outcome.corrupted_test_accuracy]
        tolerances["corrupted_test_accuracy"] = tolerances["test_accuracy"]
    baseline.check(columns, tolerances)
