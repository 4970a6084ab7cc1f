"""From a kernel machine's recipe to its outcome: one factorisation for all label sets."""

import time
from dataclasses import asdict

import torch

from harness.data.streams import digest
from harness.linear.examples import Examples, kernel_points
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import fit
from harness.linear.outcome import Progress, SolveOutcome, silent
from harness.linear.recipe import KernelRecipe, label_name
from harness.linear.triangle import DTYPES


def solve_kernel(
    recipe: KernelRecipe, data: Examples, device: str, on_progress: Progress = silent
) -> SolveOutcome:
    """One factorisation for all label sets, and their test errors."""
    started = time.perf_counter()
    on_progress("features", 0.0)
    x, unit = kernel_points(recipe.features, data.images.to(device))
    z, _ = kernel_points(recipe.features, data.test_images.to(device))
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
        **asdict(machine.cost),
        "gflops": len(x) ** 3 / 3 / machine.cost.factor_seconds / 1e9,
        "residuals": list(machine.refined.history),
        "method": machine.refined.method,
    }
    return SolveOutcome(tuple(fits), facts)
