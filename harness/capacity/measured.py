"""Networks trained for complexity measures, and what the measures say of them (section 2.2).

True, half-corrupted and random labels at several sample sizes and seeds, in vectorised groups. A
measure gets copies, on the CPU, so that nothing it does reaches another measure or the test set.
"""

import copy
import inspect
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from harness.capacity.measures import MEASURES, Measure
from harness.errors import CapacityError
from harness.linear.separable import max_margin
from harness.models.custom import one_line
from harness.training.backend import Backend
from harness.training.batching import shape_of
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.learner import initial_network
from harness.training.loop import Training
from harness.training.recipe import Recipe
from harness.training.summary import summarise_network

MeasureFunction = Callable[[nn.Module, torch.Tensor, torch.Tensor, dict[str, torch.Tensor]], Any]
"""A custom measure; see `harness.capacity.measures`."""
PARAMETERS = ("model", "inputs", "labels", "initial")
REPLACED = "replaced"
"""A fifth parameter: which labels were replaced by random ones."""
RESCALED_BY = (0.25, 4.0)
"""The factors of hidden units in the test of invariance, from the smallest to the largest."""


class Value(NamedTuple):
    """What a measure says of a network."""

    value: float
    bound: float | None
    """On the test error; None where the measure gives none."""


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
) -> list[Network]:
    """Train the recipes, those of one shape together; in their order.

    Raises CapacityError where a training diverges, DataError where the data set is missing.
    """
    found: dict[Recipe, Network] = {}
    backend = Backend("cpu", threads)
    for _, members in groupby(sorted(recipes, key=_by_shape), key=_by_shape):
        group_recipes = list(members)
        data = [prepared_data(it, data_root, "cpu", "fp32") for it in group_recipes]
        group = GroupTraining(group_recipes, data, backend)
        while not group.over:
            group.run_epoch()
        for recipe, training in zip(group_recipes, group.members, strict=True):
            found[recipe] = _network(recipe, training)
        on_progress(f"{len(found)} of {len(recipes)} networks trained")
    return [found[recipe] for recipe in recipes]


def _by_shape(recipe: Recipe) -> str:
    return repr(shape_of(recipe))


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


def check_signature(name: str, function: object) -> None:
    """Raises CapacityError unless ``function`` can be called as a measure."""
    if not callable(function):
        raise CapacityError(
            f"{name} is a {type(function).__name__}, but a measure is a function of"
            f" ({', '.join(PARAMETERS)}) that returns a number"
        )
    try:
        inspect.signature(function).bind(
            *PARAMETERS, **{REPLACED: None} if knows_random_labels(function) else {}
        )
    except (TypeError, ValueError) as error:
        raise CapacityError(
            f"{name} cannot be called as a measure ({error}): write def"
            f" {getattr(function, '__name__', 'measure')}({', '.join(PARAMETERS)})"
        ) from error


def knows_random_labels(function: MeasureFunction | None) -> bool:
    """Whether a custom measure asks which labels are random: it has a parameter of that name."""
    return function is not None and REPLACED in inspect.signature(function).parameters


def evaluate(name: str, function: MeasureFunction, network: Network) -> Value:
    """What a custom measure says of a network.

    Raises CapacityError, with the measure's name, the network and the remedy, where it raises,
    returns no finite number, or changes the model.
    """
    model = copy.deepcopy(network.model)
    before = {key: it.clone() for key, it in model.state_dict().items()}
    known = {REPLACED: network.replaced.clone()} if knows_random_labels(function) else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # What a measure warns of is shown, and no error.
            result = function(
                model,
                network.inputs.clone(),
                network.labels.clone(),
                {key: it.clone() for key, it in network.initial.items()},
                **known,
            )
    except (Exception, SystemExit) as error:
        raise CapacityError(
            f"{name} raised on {network.recipe}: {one_line(error)}; try it by hand on a network of"
            " dense layers"
        ) from error
    if model.training or any(
        not torch.equal(it, before[key]) for key, it in model.state_dict().items()
    ):
        what = "left the model in training mode" if model.training else "changed the weights"
        raise CapacityError(
            f"{name} {what} of {network.recipe}: work on copy.deepcopy(model), or put back what"
            " was there"
        )
    value, bound = _parts(name, result, network)
    if bound is not None and bound < 0:
        raise CapacityError(
            f"{name} bounds the error of {network.recipe} by {bound:g}: an error is at least 0"
        )
    return Value(value, bound)


def _parts(name: str, result: object, network: Network) -> tuple[float, float | None]:
    parts = result if isinstance(result, tuple) else (result,)
    if not 1 <= len(parts) <= 2:
        raise CapacityError(
            f"{name} returned {len(parts)} values for {network.recipe}: return a number, or a pair"
            " (number, bound on the test error)"
        )
    numbers = []
    for part in parts:
        try:
            number = float(part.detach() if isinstance(part, torch.Tensor) else part)
        except OverflowError as error:
            raise CapacityError(
                f"{name} returned an integer above 1e308 for {network.recipe}: return its logarithm"
            ) from error
        except (TypeError, ValueError, RuntimeError) as error:
            raise CapacityError(
                f"{name} returned {_described(part)} for {network.recipe}: return a number, or a"
                " tensor with one element"
            ) from error
        numbers.append(number)
    # A bound may be infinite, which says nothing; a value may not, since runs are ranked by it.
    if not math.isfinite(numbers[0]) or any(math.isnan(it) for it in numbers):
        raise CapacityError(
            f"{name} returned {', '.join(f'{it:g}' for it in numbers)} for {network.recipe}:"
            " return finite numbers"
        )
    return numbers[0], numbers[1] if len(numbers) > 1 else None


def _described(part: object) -> str:
    if isinstance(part, torch.Tensor):
        return f"a tensor of shape {tuple(part.shape)}"
    return f"a {type(part).__name__}"


def built_in(measure: Measure, network: Network) -> Value:
    """What a built-in measure says of a network."""
    bound = measure.bound(network.summary, len(network.labels)) if measure.bound else None
    return Value(measure.value(network.summary), bound)


def rescaled(
    network: Network, factors: Sequence[float] = RESCALED_BY, reverse: bool = True
) -> Network:
    """The same function with other weights: each hidden unit's inputs scaled, its outputs unscaled.

    For networks of dense layers and ReLU. The factors of a layer's units run geometrically between
    the two given. With ``reverse`` the units are also put in reverse order: not for a measure by
    random noise, whose few draws would then fall on other weights. A measure of the function alone
    does not change.
    """
    model = copy.deepcopy(network.model)
    layers = [it for it in model.modules() if isinstance(it, nn.Linear)]
    low, high = map(math.log2, factors)
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


def value_of(name: str, function: MeasureFunction | None, network: Network) -> Value:
    """What a measure says of a network: ``function``, or the built-in one of this name."""
    if function is None:
        return built_in(MEASURES[name], network)
    return evaluate(name, function, network)
