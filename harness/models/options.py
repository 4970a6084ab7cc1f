"""A recipe's options for a custom network: its arguments and the size of its images."""

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


def check_size(crop: int, image_size: int | None, augmentation: Any) -> None:
    """Raise InvalidRecipe unless images cropped to ``crop`` can be enlarged to ``image_size``."""
    if image_size is None:
        return
    if augmentation:
        raise InvalidRecipe(
            f"image_size = {image_size!r}, but it should be None where augmentation is on:"
            " augmented images are not enlarged"
        )
    if not isinstance(image_size, int) or isinstance(image_size, bool) or image_size < crop:
        raise InvalidRecipe(
            f"image_size = {image_size!r}, but it should be None or an integer from crop = {crop}"
            " up: images are cropped first, and then enlarged"
        )


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
