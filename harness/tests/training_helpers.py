"""Trainings of a test's size: what is tested is arithmetic, not learning."""

from harness.training.recipe import Recipe


def tiny_recipe(**changes: object) -> Recipe:
    """Three epochs of two steps each, of a small MLP on digits, in fp32."""
    tiny = {"model": "mlp-1x16", "dataset": "digits", "train_size": 32, "batch_size": 16}
    return Recipe(**{**tiny, "epochs": 3, "precision": "fp32", **changes})
