"""From any recipe to its outcome, and what memory it will take."""

from collections.abc import Callable
from pathlib import Path

from harness.linear.convnet import columns_of
from harness.linear.examples import examples
from harness.linear.kernel_solve import DTYPES, solve_kernel
from harness.linear.least_squares import solve_convnet
from harness.linear.machine import bytes_needed
from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import ConvNetRecipe, SolveRecipe
from harness.linear.triangle import triangle_bytes

Told = Callable[[str, float], None]


def solve(
    recipe: SolveRecipe, root: Path | None, device: str, told: Told = lambda what, share: None
) -> SolveOutcome:
    """Solve a recipe on a device; ``told`` hears the phase and the share of its work done."""
    data = examples(recipe, root)
    if isinstance(recipe, ConvNetRecipe):
        return solve_convnet(recipe, data, device, told)
    return solve_kernel(recipe, data, device, told)


def memory_needed(recipe: SolveRecipe) -> int:
    """Bytes, nearly, so that large solves can wait for each other."""
    if isinstance(recipe, ConvNetRecipe):
        features = columns_of(max(recipe.filters))
        held = 0 if recipe.streamed else 4 * recipe.images * features
        return held + triangle_bytes(min(recipe.images, features), DTYPES[recipe.precision])
    targets = 10 * len(recipe.corruptions)
    return bytes_needed(recipe.images, 1_000, targets, DTYPES[recipe.precision])
