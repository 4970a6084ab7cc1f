"""An optimiser other than the paper's: any class of `torch.optim.Optimizer`, by its name.

Each error is one sentence with its remedy.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from harness.errors import InvalidRecipe, UnknownName
from harness.models.custom import callable_at, one_line
from harness.training.recipe import Recipe
from harness.values import is_number

Parameters = Mapping[str, inspect.Parameter]


def default_learning_rate(name: str) -> float | None:
    """The learning rate that the class has by default, if it has one.

    Raises InvalidRecipe or NetworkError where the name is no class of optimisers.
    """
    rate = _parameters(name)["lr"].default
    return float(rate) if is_number(rate) and rate > 0 else None


def custom_optimizer(
    recipe: Recipe, parameters: Iterable[torch.nn.Parameter]
) -> torch.optim.Optimizer:
    """The recipe's optimiser; raises InvalidRecipe or NetworkError where it cannot be made."""
    name, options = recipe.optimizer, dict(recipe.optimizer_options)
    known = _parameters(name)
    for key, value in options.items():
        _check_option(name, known, key, value)
    _, *others = known.values()
    asked = [it.name for it in others if it.default is it.empty and it.kind not in _CATCH_ALL]
    if lacking := [it for it in asked if it not in {"lr", *options}]:
        raise InvalidRecipe(
            f"{name} asks for {', '.join(map(repr, lacking))}: give it with"
            f" --optimizer-option {lacking[0]}=VALUE"
        )
    try:
        made = callable_at(name, _WANTED)(list(parameters), lr=recipe.learning_rate, **options)
    except Exception as error:
        raise InvalidRecipe(
            f"{recipe.optimizer_title} cannot be made for {recipe.model}: {one_line(error)}; give"
            " its arguments with --optimizer-option, its learning rate with --arch-lr"
        ) from error
    assert isinstance(made, torch.optim.Optimizer)
    return made


_WANTED = "a class of torch.optim.Optimizer"
_CATCH_ALL = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def _parameters(name: str) -> Parameters:
    """Those of the class of this name, of which the first takes the network's parameters."""
    found = callable_at(name, _WANTED)
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        kind = "another class" if isinstance(found, type) else f"a {type(found).__name__}"
        raise InvalidRecipe(f"{name} is {kind}, but it should be {_WANTED}")
    _, *of_step = inspect.signature(found.step).parameters.values()
    if any(it.default is it.empty and it.kind not in _CATCH_ALL for it in of_step):
        raise InvalidRecipe(
            f"{name} needs a closure, which evaluates the loss several times a step, and a step"
            " of these trainings evaluates it once: take another optimiser"
        )
    known = inspect.signature(found).parameters
    if "lr" not in known:
        raise InvalidRecipe(
            f"{name} takes no lr, and the schedule changes the learning rate: give its __init__ a"
            " parameter of that name"
        )
    return known


def _check_option(name: str, known: Parameters, key: str, value: Any) -> None:
    if key == "lr":
        raise InvalidRecipe(f"{name}: the learning rate is the recipe's: give --arch-lr {value}")
    if key not in known:
        if not any(it.kind is it.VAR_KEYWORD for it in known.values()):
            raise InvalidRecipe(f"{name}: {UnknownName('--optimizer-option', key, known)}")
        return
    usual = known[key].default
    for kind, words in ((bool, "True or False"), ((int, float), "a number")):
        if isinstance(usual, kind):
            if is_number(value) != is_number(usual) or isinstance(value, bool) != (kind is bool):
                raise InvalidRecipe(
                    f"{name}: {key} = {value!r}, but it should be {words}, as its default {usual}"
                )
            return
