"""The protocol as training has it: the learning rate of each step, the regularisers."""

from dataclasses import replace

import torch

from harness.models.building import make_network
from harness.training.optimizer import make_optimizer
from harness.training.recipe import Recipe


def learning_rates(recipe: Recipe, steps: int) -> list[float]:
    """The learning rate with which each of the first ``steps`` steps is taken."""
    # Without gradients a step changes nothing, and takes no time.
    recipe = replace(recipe, weight_decay=())  # It needs the parameters, and changes no rate.
    optimizer, schedule = make_optimizer(recipe, torch.nn.Linear(1, 1).named_parameters())
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def regularizers(recipe: Recipe) -> dict[str, float]:
    """The regularisers that appendix A leaves out, and the momentum, as training has them.

    The largest weight decay of any parameter, the probability of dropout, and the number of
    augmentations.
    """
    with torch.device("meta"):
        network = make_network(recipe.model, (3, 28, 28), 10)
    optimizer, _ = make_optimizer(recipe, network.named_parameters())
    groups = optimizer.param_groups
    return {
        "weight_decay": max(float(group["weight_decay"]) for group in groups),
        "dropout": recipe.dropout,
        "augmentation": float(len(recipe.augmentation)),
        "momentum": float(groups[0]["momentum"]),
    }
