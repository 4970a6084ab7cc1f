"""Trainings of a test's size: what is tested is arithmetic, not learning."""

from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

NETWORKS = "harness.tests.custom_networks"


def tiny_recipe(**changes: object) -> Recipe:
    """Three epochs of two steps each, of a small MLP on digits, in fp32."""
    tiny = {"model": "mlp-1x16", "dataset": "digits", "train_size": 32, "batch_size": 16}
    return Recipe(**{**tiny, "epochs": 3, "precision": "fp32", **changes})


def own_recipe(name: str, **changes: object) -> Recipe:
    """Random labels on 64 digits for a network of `NETWORKS`, or of another address."""
    name = name if ":" in name else f"{NETWORKS}:{name}"
    chosen = {"train_size": 64, "precision": "fp32", **changes}
    return paper_recipe(name, "digits", "random-labels", **chosen)
