"""From a kernel machine's recipe to its outcome: one factorisation for all label sets."""

import time
from collections.abc import Callable

import torch

from harness.data.streams import digest
from harness.linear.examples import Examples, kernel_points
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import Machine, fit
from harness.linear.outcome import Fit, SolveOutcome, packed
from harness.linear.recipe import KernelRecipe, label_name

Told = Callable[[str, float], None]

DTYPES = {"fp32": torch.float32, "fp64": torch.float64}


def solve_kernel(
    recipe: KernelRecipe, data: Examples, device: str, told: Told = lambda what, share: None
) -> SolveOutcome:
    """One factorisation for all label sets, and their test errors."""
    started = time.perf_counter()
    told("features", 0.0)
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
        progress=told,
    )
    solved = time.perf_counter()
    told("prediction", 1.0)
    outputs = machine.predict(z)
    done = time.perf_counter()
    facts = {
        "feature_seconds": featured - started,
        "features": x.shape[1],
        "predict_seconds": done - solved,
        "fit_seconds": solved - featured,
        "seconds": done - started,
        "threads": torch.get_num_threads(),
        "label_digests": {name: digest(its) for name, its in labels.items()},
        **_facts(machine),
    }
    fits = [
        _fit(machine, outputs, data, name, its, number)
        for number, (name, its) in enumerate(labels.items())
    ]
    return SolveOutcome(tuple(fits), facts)


def _fit(
    machine: Machine,
    outputs: torch.Tensor,
    data: Examples,
    name: str,
    labels: torch.Tensor,
    number: int,
) -> Fit:
    """The figures of the label set that has columns ``number`` * classes and on."""
    columns = slice(number * data.classes, (number + 1) * data.classes)
    fitted = machine.fitted[:, columns].cpu()
    right = outputs[:, columns].argmax(1).cpu() == data.test_labels
    return Fit(
        label=name,
        train_correct=int((fitted.argmax(1) == labels).sum()),
        train_total=len(labels),
        test_correct=int(right.sum()),
        test_total=len(right),
        right=packed(right.tolist()),
        norm=float(machine.norms[columns].norm()),
        worst_error=float((fitted - data.one_hot(labels)).abs().max()),
    )


def _facts(machine: Machine) -> dict[str, object]:
    cost, size = machine.cost, len(machine.points)
    return {
        "fill_seconds": cost.fill_seconds,
        "factor_seconds": cost.factor_seconds,
        "refine_seconds": cost.refine_seconds,
        "gflops": size**3 / 3 / cost.factor_seconds / 1e9,
        "peak_bytes": cost.peak_bytes,
        "triangle_bytes": cost.triangle_bytes,
        "smallest_pivot": cost.smallest_pivot,
        "spectrum_ends": list(cost.spectrum_ends),
        "residuals": list(machine.refined.history),
        "method": machine.refined.method,
    }
