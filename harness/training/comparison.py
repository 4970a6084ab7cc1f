"""What differs between two recipes: their tensors, initial weights and order."""

import torch
from torch.nn.utils import parameters_to_vector

from harness.data import streams
from harness.training.inputs import prepared_data
from harness.training.learner import initial_network
from harness.training.recipe import Recipe


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
