"""Trainings of a test's size: what is tested is arithmetic, not learning."""

from dataclasses import asdict, replace
from pathlib import Path

from harness.data.prepare import TrainingData
from harness.runs.runner import Runner
from harness.runs.store import Store
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


def data_of(recipe: Recipe, tested: int = 100) -> TrainingData:
    """What the recipe trains on, and the first ``tested`` of its test images."""
    data = prepared_data(recipe, None, "cpu", recipe.precision)
    parts = ("test_images", "test_labels", "corrupted_test_labels")
    found = {name: getattr(data, name) for name in parts}
    return replace(data, **{name: it[:tested] for name, it in found.items() if it is not None})


def started(
    recipe: Recipe, steps: str = "eager", ranks: Ranks = ALONE, threads: int = 1
) -> Training:
    """A training of the recipe on the CPU, before its first epoch."""
    return Training(recipe, data_of(recipe), Backend("cpu", threads, steps), ranks)


def finished(training, epochs: int = 10_000):
    """The training or the group after its last epoch, or after so many."""
    while not training.over and epochs:
        training.run_epoch()
        epochs -= 1
    return training


def runner_in(folder: Path, **options: object) -> Runner:
    """One thread; its progress is kept in ``reports``, its notices in ``notices``."""
    reports, notices = [], []
    store = Store(folder, options.pop("fresh_since", None), notices.append)
    options = {"on_progress": reports.append, **options}
    made = Runner(store, device="cpu", workers=1_000, **options)
    made.reports, made.notices = reports, notices
    return made


def figures(outcome: Outcome) -> dict:
    """An outcome without the seconds that it took."""
    return {**asdict(outcome), "curve": {**asdict(outcome.curve), "seconds": None}}
