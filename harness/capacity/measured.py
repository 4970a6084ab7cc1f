"""Networks trained for complexity measures, and what the measures say of them (section 2.2).

True, half-corrupted and random labels at several sample sizes and seeds, in vectorised groups.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from harness.capacity.measures import Measure, Value
from harness.capacity.unseen import unseen_images
from harness.data.prepare import TrainingData
from harness.errors import CapacityError
from harness.linear.separable import max_margin
from harness.models.mlp import MLP
from harness.training.backend import Backend
from harness.training.batching import groups_of
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.learner import initial_network
from harness.training.loop import Training
from harness.training.recipe import Recipe
from harness.training.summary import summarise_network

RESCALED_BY = (0.25, 4.0)
"""The factors of hidden units that are rescaled, from the smallest to the largest."""


@dataclass(frozen=True, eq=False)
class Network:
    """A trained network with everything that a measure may see, and its error, which none sees."""

    recipe: Recipe
    model: nn.Module
    inputs: torch.Tensor
    labels: torch.Tensor
    initial: dict[str, torch.Tensor]
    replaced: torch.Tensor
    """Whether a label is random (n,); for a measure that asks for it, which judges no ranks."""
    train_error: float
    test_error: float

    @property
    def gap(self) -> float:
        """Test error minus training error."""
        return self.test_error - self.train_error

    @cached_property
    def summary(self) -> dict[str, Any]:
        """As `harness.training.summary` makes it.

        With partly random labels, also the errors on those images and on the others.
        """
        initial, final = copy.deepcopy(self.model), copy.deepcopy(self.model)
        initial.load_state_dict(self.initial)
        found = summarise_network(initial, final, self.inputs, self.labels, final, self.recipe.seed)
        if self.replaced.any() and not self.replaced.all():
            with torch.no_grad():
                wrong = (self.model(self.inputs).argmax(dim=1) != self.labels).double()
            found["random part"] = {
                "images": int(self.replaced.sum()),
                "error": float(wrong[self.replaced].mean()),
                "error of others": float(wrong[~self.replaced].mean()),
            }
        return found


def train_networks(
    recipes: Sequence[Recipe],
    data_root: Path | None = None,
    threads: int = 1,
    on_progress: Callable[[str], None] = lambda text: None,
    unseen: bool = False,
) -> list[Network]:
    """Train the recipes, dense networks of one shape together; in their order.

    ``unseen``: on images that nobody can load, drawn by the recipes' seeds; see
    `harness.capacity.unseen`. Raises CapacityError where a training diverges, DataError where the
    data set is missing.
    """
    found: dict[Recipe, Network] = {}
    backend = Backend("cpu", threads)
    for members in groups_of(recipes, "cpu"):
        data = [_data(it, data_root, unseen) for it in members]
        job: Training | GroupTraining
        if len(members) > 1:
            job = group = GroupTraining(members, data, backend)
            trainings = group.members
        else:
            trainings = [job := Training(members[0], data[0], backend)]
        while not job.over:
            job.run_epoch()
            on_progress(f"{len(found)} of {len(recipes)} networks trained")
        found |= {it: _network(it, made) for it, made in zip(members, trainings, strict=True)}
    return [found[recipe] for recipe in recipes]


def _data(recipe: Recipe, root: Path | None, unseen: bool) -> TrainingData:
    data = prepared_data(recipe, root, "cpu", "fp32")
    if not unseen:
        return data
    every = replace(recipe, train_size=None, labels="classes", label_corruption=0.0, seed=0)
    return unseen_images(data, prepared_data(every, root, "cpu", "fp32"), recipe.seed)


def _network(recipe: Recipe, training: Training) -> Network:
    outcome = training.outcome
    if training.diverged:
        raise CapacityError(
            f"{recipe} diverged ({outcome.not_finite}): take a smaller learning_rate than"
            f" {recipe.learning_rate:g}"
        )
    data = training.data
    replaced = data.random_part
    assert replaced is not None
    initial = initial_network(recipe, data.shape, data.classes)
    return Network(
        recipe,
        training.model.eval(),
        data.train_images,
        training.labels,
        initial.state_dict(),
        replaced,
        1 - outcome.train_accuracy,
        1 - outcome.test_accuracy,
    )


def separating_network(points: np.ndarray, signs: np.ndarray, recipe: Recipe) -> Network:
    """The linear network of largest margin on ``points`` (n, d), without bias, from zero weights.

    ``recipe`` has the seed of the noise alone. Raises HarnessError for points that no hyperplane
    through the origin separates.
    """
    weights = torch.as_tensor(max_margin(points, signs) / 2, dtype=torch.float32)
    layer = nn.Linear(len(weights), 2, bias=False)
    model = nn.Sequential(nn.Flatten(), layer)
    with torch.no_grad():
        layer.weight.zero_()
        initial = copy.deepcopy(model.state_dict())
        layer.weight.copy_(torch.stack([-weights, weights]))
    inputs = torch.as_tensor(points, dtype=torch.float32)[:, None, None, :]
    labels = torch.as_tensor(signs > 0, dtype=torch.int64)
    random = torch.zeros(len(signs), dtype=torch.bool)
    return Network(recipe, model.eval(), inputs, labels, initial, random, 0.0, 0.0)


def built_in(measure: Measure, network: Network) -> Value:
    """What a built-in measure says of a network."""
    bound = measure.bound(network.summary, len(network.labels)) if measure.bound else None
    return Value(measure.value(network.summary), bound)


def l2_norm(network: Network) -> float:
    """Of all weights together."""
    return (
        sum(float(it.detach().double().square().sum()) for it in network.model.parameters()) ** 0.5
    )


def rescaled(network: Network, reverse: bool = True) -> Network:
    """The same function with other weights: each hidden unit's inputs scaled, its outputs unscaled.

    For our MLPs; raises CapacityError for another network. The factors of a layer's units run
    geometrically through `RESCALED_BY`. With ``reverse`` the units are also put in reverse order:
    not for a measure by random noise, whose few draws would then fall on other weights. A measure
    of the function alone does not change.
    """
    if not isinstance(network.model, MLP):
        raise CapacityError(f"{network.recipe.title} cannot be rescaled: it is no MLP of ours")
    model = copy.deepcopy(network.model)
    layers = [it for it in model.modules() if isinstance(it, nn.Linear)]
    low, high = map(math.log2, RESCALED_BY)
    with torch.no_grad():
        for layer, after in pairwise(layers):
            scale = torch.logspace(low, high, layer.out_features, base=2.0)
            layer.weight.mul_(scale[:, None])
            layer.bias.mul_(scale)
            after.weight.div_(scale)
            if reverse:
                layer.weight.copy_(layer.weight.flip(0))
                layer.bias.copy_(layer.bias.flip(0))
                after.weight.copy_(after.weight.flip(1))
    return replace(network, model=model)
