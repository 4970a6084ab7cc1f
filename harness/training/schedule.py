"""The learning rate of every step, by the very optimiser and schedule that training uses."""

import torch

from harness.training.loop import make_optimizer
from harness.training.recipe import Recipe


def learning_rates(recipe: Recipe, steps: int) -> list[float]:
    """The learning rate with which each of the first ``steps`` steps is taken."""
    # Without gradients a step changes nothing, and takes no time.
    optimizer, schedule = make_optimizer(recipe, torch.nn.Linear(1, 1))
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def regularizers(recipe: Recipe) -> dict[str, float]:
    """The optimiser's own regularisers by name, which appendix A wants at zero; and momentum."""
    optimizer, _ = make_optimizer(recipe, torch.nn.Linear(1, 1))
    group = optimizer.param_groups[0]
    return {name: float(group[name]) for name in ("weight_decay", "momentum")}
