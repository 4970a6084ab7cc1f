"""Trainings of a test's size: what is tested is arithmetic, not learning."""

from dataclasses import asdict

from harness.training.backend import Backend
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.outcome import Outcome
from harness.training.protocol import paper_recipe
from harness.training.ranks import ALONE, Ranks
from harness.training.recipe import Recipe

NETWORKS = "harness.tests.custom_networks"

EVERYTHING = {
    "augmentation": ("random crop", "flip", "rotation"),
    "crop": 6,
    "weight_decay": (("weights", 0.01),),
    "dropout": 0.5,
    "validation_size": 40,
}
"""All regularisers, and images for validation."""


def tiny_recipe(**changes: object) -> Recipe:
    """Three epochs of two steps each, of a small MLP on digits, in fp32."""
    tiny = {"model": "mlp-1x16", "dataset": "digits", "train_size": 32, "batch_size": 16}
    return Recipe(**{**tiny, "epochs": 3, "precision": "fp32", **changes})


def custom_recipe(name: str, **changes: object) -> Recipe:
    """Random labels on 64 digits for a network of `NETWORKS`, or of another address."""
    name = name if ":" in name else f"{NETWORKS}:{name}"
    chosen = {"train_size": 64, "precision": "fp32", **changes}
    return paper_recipe(name, "digits", "random-labels", **chosen)


def started(recipe: Recipe, steps: str = "eager", ranks: Ranks = ALONE) -> Training:
    """A training of the recipe in fp32 on one CPU thread, before its first epoch."""
    data = prepared_data(recipe, None, "cpu", "fp32")
    return Training(recipe, data, Backend("cpu", 1, steps), ranks)


def finished(training: Training) -> Training:
    """The training after its last epoch."""
    while not training.over:
        training.run_epoch()
    return training


def figures(outcome: Outcome) -> dict:
    """An outcome without the seconds that it took."""
    return {**asdict(outcome), "curve": {**asdict(outcome.curve), "seconds": None}}
