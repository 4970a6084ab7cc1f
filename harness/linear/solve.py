"""From any recipe to its outcome, and what memory it will take."""

from collections.abc import Callable
from pathlib import Path

from harness.data.catalogue import dataset_spec
from harness.linear import least_squares
from harness.linear.examples import examples
from harness.linear.kernel_solve import DTYPES, solve_kernel
from harness.linear.machine import bytes_needed
from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import ConvNetRecipe, SolveRecipe

Told = Callable[[str, float], None]


def solve(
    recipe: SolveRecipe, root: Path | None, device: str, told: Told = lambda what, share: None
) -> SolveOutcome:
    """Solve a recipe on a device; ``told`` hears the phase and the share of its work done."""
    data = examples(recipe, root)
    if isinstance(recipe, ConvNetRecipe):
        return least_squares.solve_convnet(recipe, data, device, told)
    return solve_kernel(recipe, data, device, told)


def memory_needed(recipe: SolveRecipe) -> int:
    """Bytes, nearly, so that large solves can wait for each other."""
    if isinstance(recipe, ConvNetRecipe):
        return least_squares.bytes_needed(recipe)
    targets = dataset_spec(recipe.dataset).classes * len(recipe.corruptions)
    return bytes_needed(recipe.images, 1_000, targets, DTYPES[recipe.precision])
