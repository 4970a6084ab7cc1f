"""From any recipe to its outcome, and the memory that it takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.linear import least_squares
from harness.linear.examples import examples
from harness.linear.kernel_solve import solve_kernel
from harness.linear.machine import bytes_needed
from harness.linear.outcome import Progress, SolveOutcome, silent
from harness.linear.recipe import ConvNetRecipe, SolveRecipe
from harness.linear.triangle import DTYPES

PROBE_IMAGES, PROBE_FILTERS = 500, 32


def solve(
    recipe: SolveRecipe, root: Path | None, device: str, on_progress: Progress = silent
) -> SolveOutcome:
    """Solve a recipe on a device."""
    data = examples(recipe, root)
    if isinstance(recipe, ConvNetRecipe):
        return least_squares.solve_convnet(recipe, data, device, on_progress)
    return solve_kernel(recipe, data, device, on_progress)


def probe_of(recipe: SolveRecipe) -> SolveRecipe:
    """The recipe on a few images, in double precision: a second or two.

    A finished solve keeps its outcome, so that later code can be compared with it.
    """
    fewer: dict[str, Any] = {"filters": (PROBE_FILTERS,), "streamed": False}
    changes = fewer if isinstance(recipe, ConvNetRecipe) else {}
    size = min(PROBE_IMAGES, recipe.images)
    return replace(recipe, train_size=size, precision="fp64", **changes)


def probe(recipe: SolveRecipe, root: Path | None) -> dict[str, Any]:
    """Of each fit of `probe_of`, on the CPU: test images right, norm, largest error; the labels."""
    outcome = solve(probe_of(recipe), root, "cpu")
    fits = {
        fit.label: [fit.test_correct, float(f"{fit.norm:.8g}"), float(f"{fit.worst_error:.3g}")]
        for fit in outcome.fits
    }
    return {"fits": fits, "label_digests": outcome.facts["label_digests"]}


def memory_needed(recipe: SolveRecipe) -> int:
    """Bytes, nearly, so that large solves can wait for each other."""
    if isinstance(recipe, ConvNetRecipe):
        return least_squares.bytes_needed(recipe)
    targets = dataset_spec(recipe.dataset).classes * len(recipe.corruptions)
    return bytes_needed(recipe.images, 1_000, targets, DTYPES[recipe.precision])
