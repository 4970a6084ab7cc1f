"""What counts as a number in a recipe's fields: truth values do not."""

from typing import Any


def is_integer(value: Any) -> bool:
    """Whether it is an int."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether it is an int or a float."""
    return isinstance(value, int | float) and not isinstance(value, bool)
