"""What makes a number of a recipe impossible: its kind and its range. Does not import torch."""

import math
from collections.abc import Callable
from typing import Any

from harness.errors import InvalidRecipe
from harness.values import is_integer, is_number


def require_integer(name: str, value: Any, least: int, most: int | None = None) -> None:
    """Raise InvalidRecipe unless ``value`` is an integer from ``least`` to ``most``."""
    if not is_integer(value) or value < least or (most is not None and value > most):
        remedy = f"from {least} up" if most is None else f"from {least} to {most:,}"
        _refuse(name, value, f"an integer {remedy}")


def require_number(name: str, value: Any, within: Callable[[float], bool], words: str) -> None:
    """Raise InvalidRecipe unless ``value`` is finite, and ``within`` it as in ``words``."""
    if not is_number(value) or not math.isfinite(value) or not within(value):
        _refuse(name, value, words)


def require_numbers(name: str, values: Any, within: Callable[[float], bool], words: str) -> None:
    """The same of each of one or more ``values``."""
    sound = [is_number(it) and math.isfinite(it) and within(it) for it in values]
    if not sound or not all(sound):
        raise InvalidRecipe(f"{name} = {values}, but each should be {words}")


def require_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise InvalidRecipe unless ``value`` is one of ``choices``."""
    if value not in choices:
        _refuse(name, value, " or ".join(choices))


def require_distinct(name: str, values: tuple[Any, ...]) -> None:
    """Raise InvalidRecipe where a value stands twice: what is made of them is told apart by it."""
    if len(set(values)) < len(values):
        raise InvalidRecipe(f"{name} = {values}, but each should stand there once")


def sequence(name: str, values: Any) -> tuple[Any, ...]:
    """As a tuple. Raises InvalidRecipe for a single number and for text."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InvalidRecipe(f"{name} = {values!r}, but it should be a sequence of numbers")
    return tuple(values)


def _refuse(name: str, value: Any, words: str) -> None:
    raise InvalidRecipe(f"{name} = {value!r}, but it should be {words}")
