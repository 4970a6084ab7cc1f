"""An optimiser other than the paper's: any class of `torch.optim.Optimizer`, by its name.

Each error is one sentence with its remedy.
"""

import inspect
from collections.abc import Callable, Iterable

import torch

from harness.errors import InvalidRecipe
from harness.models.custom import callable_at, one_line
from harness.training.recipe import Recipe
from harness.values import is_number


def default_learning_rate(name: str) -> float | None:
    """The learning rate that the class has by default, if it has one.

    Raises InvalidRecipe or NetworkError where the name is no class of optimisers.
    """
    rate = inspect.signature(_class_of(name)).parameters["lr"].default
    return float(rate) if is_number(rate) and rate > 0 else None


def custom_optimizer(
    recipe: Recipe, parameters: Iterable[torch.nn.Parameter]
) -> torch.optim.Optimizer:
    """The recipe's optimiser; raises InvalidRecipe or NetworkError where it cannot be made."""
    name, options = recipe.optimizer, dict(recipe.optimizer_options)
    make = _class_of(name)
    if "lr" in options:
        raise InvalidRecipe(f"{name}: the rate is the recipe's: give --arch-lr {options['lr']}")
    try:
        return make(list(parameters), lr=recipe.learning_rate, **options)
    except Exception as error:
        raise InvalidRecipe(
            f"{recipe.optimizer_title} cannot be made for {recipe.model}: {one_line(error)}; give"
            " its arguments with --optimizer-option, its learning rate with --arch-lr"
        ) from error


def _class_of(name: str) -> Callable[..., torch.optim.Optimizer]:
    wanted = "a class of torch.optim.Optimizer"
    found = callable_at(name, wanted)
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        kind = "another class" if isinstance(found, type) else f"a {type(found).__name__}"
        raise InvalidRecipe(f"{name} is {kind}, but it should be {wanted}")
    _, *of_step = inspect.signature(found.step).parameters.values()
    if any(it.default is it.empty and it.kind is it.POSITIONAL_OR_KEYWORD for it in of_step):
        raise InvalidRecipe(
            f"{name} needs a closure, which evaluates the loss several times a step, and a step"
            " of these trainings evaluates it once: take another optimiser"
        )
    if "lr" not in inspect.signature(found).parameters:
        raise InvalidRecipe(
            f"{name} takes no lr, and the schedule changes the learning rate: give its __init__ a"
            " parameter of that name"
        )
    return found
