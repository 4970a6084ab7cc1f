"""Values of a recipe's fields: what counts as a number, and tuples for the lists of JSON."""

from typing import Any


def is_integer(value: Any) -> bool:
    """Whether it is an int."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether it is an int or a float."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_tuples(value: Any) -> Any:
    """A value of JSON with tuples in place of lists, at any depth."""
    if isinstance(value, dict):
        return {name: as_tuples(it) for name, it in value.items()}
    return tuple(map(as_tuples, value)) if isinstance(value, list | tuple) else value
