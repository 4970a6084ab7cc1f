"""Regression baselines at full size: where the MLPs' trainings on CIFAR-10 ended when measured.

Tight where the paper's own numbers allow only for a wide tolerance (`published_tolerance`).
"""

import pytest

from claims.section2_capacity.corruption_trials import LEVELS, corrupted
from claims.section3_regularization.trials import MLPS, decayed_trials, label_of, table_1
from harness.plugin.baselines import Tolerance

RECIPES = {
    **{
        f"true-labels-{label_of(network, False, decay)}": table_1(network, decay=decay)
        for network in MLPS
        for decay in (False, True)
    },
    **{
        f"random-labels-{trial.label}": trial.all_recipes[0]
        for trial in decayed_trials()
        if trial.tier == "cpu_full"
    },
    **{
        f"corrupted-{level:g}-mlp-1x512": corrupted("cpu_full", "mlp-1x512", level)
        for level in LEVELS["cpu_full"]
        if 0 < level < 1
    },
}


@pytest.mark.cpu_full
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.baseline(name), pytest.mark.trains(recipe)])
        for name, recipe in RECIPES.items()
    ],
)
def test_a_full_size_training_ends_as_it_did(name, laboratory, baseline):
    outcome = laboratory.baseline_run(RECIPES[name]).outcome
    columns = {
        "train_accuracy": [outcome.train_accuracy],
        "test_accuracy": [outcome.test_accuracy],
    }
    tolerances = {
        "train_accuracy": Tolerance("another path to nearly all", absolute=0.005),
        "test_accuracy": Tolerance("10,000 images, three deviations", absolute=0.015),
    }
    if RECIPES[name].score_corrupted_test:
        columns["corrupted_test_accuracy"] = [outcome.corrupted_test_accuracy]
        tolerances["corrupted_test_accuracy"] = tolerances["test_accuracy"]
    baseline.check(columns, tolerances)
