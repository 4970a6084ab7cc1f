"""Regression baselines at full size: where trainings on CIFAR-10 ended when they were measured.

Tight where the paper's own numbers allow only for a wide tolerance (`published_tolerance`). On a
CPU the MLPs; in the GPU's tier every network, each from the day on which it was first measured.
"""

import pytest

from claims.section2_capacity.corruption_trials import LEVELS, corrupted
from claims.section2_capacity.trials import full
from claims.section3_regularization.trials import (
    MLPS,
    NETWORKS,
    TABLE_1,
    augmented_trials,
    decayed_trials,
    label_of,
    table_1,
)
from harness.plugin.baselines import Tolerance, baseline_path


def recipes(tier, networks, levels):
    """Names of files, and the trainings whose ends they hold."""
    named = {f"random-labels-{network}": full(network, "random-labels") for network in networks}
    for row in TABLE_1:
        if row[0] in networks:
            named[f"true-labels-{label_of(*row)}"] = table_1(*row)
    for trial in [*decayed_trials(), *augmented_trials()]:
        if trial.tier == tier:
            named[f"random-labels-{trial.label}"] = trial.all_recipes[0]
    for network in levels:
        for level in LEVELS[tier]:
            if 0 < level < 1:
                named[f"corrupted-{level:g}-{network}"] = corrupted(tier, network, level)
    return named


RECIPES = {
    "cpu_full": recipes("cpu_full", MLPS, ["mlp-1x512"]),
    "gpu_full": recipes("gpu_full", NETWORKS, ["inception", "alexnet", "mlp-1x512"]),
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
                pytest.mark.trains(recipe),
            ],
            id=f"{tier}-{name}",
        )
        for tier, named in RECIPES.items()
        for name, recipe in named.items()
    ],
)
def test_a_full_size_training_ends_as_it_did(tier, name, request, laboratory, baseline):
    """A training of the GPU tier has nothing to be held against until somebody has measured it on
    such a device; without a GPU, with --device cpu.
    """
    regenerated = request.config.getoption("force_regen")
    if tier == "gpu_full" and not regenerated and not baseline_path(request.node).is_file():
        pytest.skip(f"no baseline of {name} has been measured on this device: see --force-regen")
    recipe = RECIPES[tier][name]
    outcome = laboratory.baseline_run(recipe).outcome
    columns = {
        "train_accuracy": [outcome.train_accuracy],
        "test_accuracy": [outcome.test_accuracy],
    }
    tolerances = {
        "train_accuracy": Tolerance("another path to nearly all", absolute=0.005),
        "test_accuracy": Tolerance("10,000 images, three deviations", absolute=0.015),
    }
    if recipe.score_corrupted_test:
        columns["corrupted_test_accuracy"] = [outcome.corrupted_test_accuracy]
        tolerances["corrupted_test_accuracy"] = tolerances["test_accuracy"]
    baseline.check(columns, tolerances)
