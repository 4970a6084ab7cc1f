"""What trainings have before their first step: learning rates, regularisers, what two differ in."""

from dataclasses import replace

import torch
from torch.nn.utils import parameters_to_vector

from harness.data import streams
from harness.models.building import make_network
from harness.training.inputs import prepared_data
from harness.training.learner import initial_network
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


def what_differs(one: Recipe, other: Recipe) -> set[str]:
    """What differs between two trainings before their first step, by name."""
    a, b = (prepared_data(recipe, None, "cpu", "fp32") for recipe in (one, other))
    pairs = {
        "training images": (a.train_images, b.train_images),
        "training labels": (a.train_labels, b.train_labels),
        "test images": (a.test_images, b.test_images),
        "test labels": (a.test_labels, b.test_labels),
        "order": tuple(
            torch.randperm(recipe.images, generator=streams.stream(recipe.seed, streams.ORDER))
            for recipe in (one, other)
        ),
        "initial weights": tuple(
            parameters_to_vector(initial_network(recipe, data.shape, data.classes).parameters())
            for recipe, data in ((one, a), (other, b))
        ),
    }
    return {name for name, (first, second) in pairs.items() if not torch.equal(first, second)}
