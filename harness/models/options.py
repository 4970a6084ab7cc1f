"""A recipe's arguments for a custom network."""

from typing import Any

from harness.errors import InvalidRecipe
from harness.models.address import Options
from harness.models.registry import model_spec


def options_of(model: str, options: Any) -> Options:
    """The options as pairs of a name and a value, sorted by name, with tuples for lists.

    Raises UnknownName for an unknown model, and InvalidRecipe if the options are no such pairs or
    the model takes none.
    """
    named = pairs_of("model_options", options)
    if named and not model_spec(model, named).custom:
        raise InvalidRecipe(
            f"model_options = {options!r}, but {model} takes no arguments: custom networks do"
        )
    model_spec(model)
    return named


def pairs_of(field: str, options: Any) -> Options:
    """Arguments as such pairs; raises InvalidRecipe, which names the field, for anything else."""
    try:
        pairs = dict(_hashable(options))
        hash(tuple(pairs.items()))
    except (TypeError, ValueError) as error:
        raise InvalidRecipe(
            f"{field} = {options!r}, but it should be pairs of a name and a value,"
            " as in (('width', 64),)"
        ) from error
    return tuple(sorted(pairs.items()))


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
