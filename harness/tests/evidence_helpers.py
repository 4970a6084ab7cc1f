"""Finished runs and solves written by hand, for tests of what is measured on them."""

from dataclasses import fields

from harness.linear.outcome import Fit, SolveOutcome, packed
from harness.linear.recipe import KernelRecipe
from harness.runs.run import Run, Solve
from harness.training.outcome import Curve, Outcome
from harness.training.protocol import paper_recipe

OUTCOME = {field.name for field in fields(Outcome)}
CURVE = {field.name for field in fields(Curve)}


def trained(setting="true-labels", *, recipe=None, key="key", seconds=1.0, diverged=False, **facts):
    """A run of MLP 1x16 on 256 digits, or of another recipe.

    ``facts`` are fields of its curve and outcome, and of the recipe if none is given.
    """
    curve = {name: list(facts.pop(name)) for name in CURVE & facts.keys()}
    epochs = max(map(len, curve.values()), default=1)
    outcome = {
        "status": "diverged" if diverged else "finished",
        **{"train_correct": 256, "train_total": 256, "test_correct": 100, "test_total": 1_000},
        **{"first_losses": [], "label_digest": "", "order_digest": "", "epochs_to_fit": None},
        **{name: facts.pop(name) for name in OUTCOME & facts.keys()},
    }
    if recipe is None:
        recipe = paper_recipe("mlp-1x16", "digits", setting, **{"train_size": 256, **facts})
    step = [recipe.steps_per_epoch * (epoch + 1) for epoch in range(epochs)]
    curve = Curve(**{"step": step, "loss": [1.0] * epochs, **curve})
    return Run(key, recipe, Outcome(curve=curve, **outcome), "fp32", "cpu", seconds, "", {})


def solved(right=(), correct=None, total=None):
    """A solve that classifies each test image right or not, as listed; or by its counts alone."""
    correct, total = correct or sum(right), total or len(right)
    fit = Fit("true labels", 1, 1, correct, total, packed(list(right)), 1.0, 0.0)
    outcome = SolveOutcome((fit,), {})
    return Solve("key", KernelRecipe(dataset="digits", gamma=1.0), outcome, "", "", 1.0, "", {})


def width(measured):
    """Of an interval, or of a measurement's."""
    low, high = getattr(measured, "interval", measured)
    return high - low
