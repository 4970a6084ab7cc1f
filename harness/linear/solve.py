"""From any recipe to its outcome, and the memory that it takes.

A kernel machine is solved by one factorisation for all its label sets.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from harness.data.catalogue import dataset_spec
from harness.data.streams import digest
from harness.linear import least_squares
from harness.linear.examples import Examples, examples, kept_points, kernel_points
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import bytes_needed, fit
from harness.linear.outcome import Progress, SolveOutcome, silent
from harness.linear.recipe import ConvNetRecipe, KernelRecipe, SolveRecipe, label_name
from harness.linear.triangle import DTYPES


def solve_kernel(
    recipe: KernelRecipe, data: Examples, device: str, on_progress: Progress = silent
) -> SolveOutcome:
    """One factorisation for all label sets, and their test errors."""
    started = time.perf_counter()
    on_progress("features", 0.0)
    x, unit = kernel_points(recipe.features, data.images.to(device))
    if recipe.held_out:  # Other images for each seed.
        z, _ = kernel_points(recipe.features, data.test_images.to(device))
    else:
        z, _ = kept_points(recipe.features, data.test_images, device)
    featured = time.perf_counter()
    labels = {label_name(p): data.corrupted(p, recipe.seed) for p in recipe.corruptions}
    targets = torch.cat([data.one_hot(it) for it in labels.values()], dim=1)
    machine = fit(
        x,
        targets.to(device),
        GaussianKernel(recipe.gamma * unit**2),
        recipe.ridge,
        dtype=DTYPES[recipe.precision],
        device=device,
        on_progress=on_progress,
    )
    solved = time.perf_counter()
    on_progress("prediction", 1.0)
    outputs = machine.predict(z)
    done = time.perf_counter()
    fits = []
    for number, (name, its) in enumerate(labels.items()):
        columns = slice(number * data.classes, (number + 1) * data.classes)
        norm = float(machine.norms[columns].norm())
        fits.append(data.score(name, its, machine.fitted[:, columns], outputs[:, columns], norm))
    facts = {
        "feature_seconds": featured - started,
        "features": x.shape[1],
        "predict_seconds": done - solved,
        "fit_seconds": solved - featured,
        "seconds": done - started,
        "threads": torch.get_num_threads(),
        "label_digests": {name: digest(its) for name, its in labels.items()},
        **machine.cost,
        "gflops": len(x) ** 3 / 3 / machine.cost["factor_seconds"] / 1e9,
        "residuals": list(machine.refined.history),
        "method": machine.refined.method,
    }
    return SolveOutcome(tuple(fits), facts)


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
