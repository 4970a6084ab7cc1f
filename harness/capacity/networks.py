"""Trained networks as a function class: what SGD finds, for many labelings at once."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from harness.data.prepare import TrainingData
from harness.errors import CapacityError
from harness.training.backend import Backend
from harness.training.group import GroupTraining
from harness.training.learner import initial_network
from harness.training.recipe import Recipe

TOGETHER = 256
"""Labelings that train as one job."""


class ProjectedGroup(GroupTraining):
    """Projected SGD: after each step the weights of a network are put back into a ball.

    That is, all its weights and biases are scaled down to an l2 norm of at most ``norm``.
    """

    norm: float

    def _step(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        result = super()._step(batch)
        with torch.no_grad():
            squares = [it.flatten(1).square().sum(dim=1) for it in self.parameters]
            factors = (self.norm / torch.stack(squares).sum(dim=0).sqrt()).clamp(max=1)
            for parameter in self.parameters:
                parameter.mul_(factors.view(-1, *[1] * (parameter.ndim - 1)))
        return result


@dataclass(frozen=True)
class TrainedNetworks:
    """The networks that a recipe's protocol reaches: h(x) = p(1 | x) - p(-1 | x), in [-1, 1].

    Only the sample and its labels are not the recipe's. All labelings start from the same weights
    and see the points in the same order. A labeling that training misses may still be in the class.
    """

    recipe: Recipe
    norm: float = math.inf
    """The largest l2 norm of all weights and biases together: see `ProjectedGroup`."""

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Train on ``points`` (n, d) with each row of ``signs``; values (labelings, n).

        Raises CapacityError if a training diverges.
        """
        images = torch.as_tensor(points, dtype=torch.float32)[:, None, None, :]
        recipe = replace(self.recipe, labels="two groups", train_size=len(points))
        values = []
        for rows in np.array_split(signs, -(-len(signs) // TOGETHER)):
            labels = torch.as_tensor(rows > 0, dtype=torch.int64)
            data = [TrainingData(images, own, images[:1], own[:1], 2) for own in labels]
            group = ProjectedGroup(
                [recipe] * len(data), data, Backend("cpu", torch.get_num_threads())
            )
            group.norm = self.norm
            while not group.over:
                group.run_epoch()
            if diverged := sum(it.diverged for it in group.members):
                raise CapacityError(
                    f"{recipe} diverged on {diverged} of {len(rows)} labelings: take a smaller"
                    f" learning_rate than {recipe.learning_rate:g}"
                )
            values += [np.tanh(np.array(it.logit_margins(images)) / 2) for it in group.members]
        return np.stack(values)


def hidden_values(recipe: Recipe, points: np.ndarray) -> np.ndarray:
    """The last hidden layer of a network of dense layers, (n, width), as it is initialised.

    ``points`` (n, d) are images of the recipe's shape. The output layer can be any affine function
    of these values.
    """
    model = initial_network(recipe, recipe.image_shape, recipe.classes).double()
    values = torch.as_tensor(points).unflatten(1, recipe.image_shape)
    with torch.no_grad():
        for layer in list(model.children())[:-1]:
            values = layer(values)
    return values.numpy()
