"""The ways to train side by side: eager steps, compiled, a CUDA graph of each; runs together."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from rich.table import Table

from harness.bench.measure import (
    matrix_product_rate,
    operations_per_image,
    rate,
    recipe_and_data,
    training_rate,
)
from harness.models.registry import MODELS, model_spec
from harness.training.backend import Backend, resolve_backend
from harness.training.batching import can_be_grouped
from harness.training.group import GroupTraining
from harness.training.protocol import paper_recipe
from harness.training.steps import STEPS

CIFAR10 = 50_000
TOGETHER = 4


def steps_table(models: list[str] | None, seconds: float, device: str, precision: str) -> Table:
    """Measure: images a second, seconds an epoch of CIFAR-10, share of the machine's own rate."""
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    precision = backend.precision(precision)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("train", no_wrap=True)
    for column in ("steps", "images/s", "s/epoch", "share", "memory"):
        table.add_column(column, justify="left" if column == "steps" else "right", no_wrap=True)
    for name in models or [name for name in MODELS if name != "linear"]:
        work = operations_per_image(name)
        for way, rate_of in _ways(name, backend, precision, seconds):
            machine = matrix_product_rate(precision, backend.device, seconds)
            if backend.kind == "cuda":
                torch.cuda.reset_peak_memory_stats()
            images = rate_of()
            table.add_row(
                model_spec(name).paper_name,
                way,
                f"{images:,.0f}",
                f"{CIFAR10 / images:.2f}",
                f"{100 * images * work / machine:.0f} %",
                _memory(backend),
            )
    table.caption = (
        f"{precision}; share: of a large matrix product's rate in the same precision;"
        f" together: {TOGETHER} runs as one vectorised job, images and epochs of one run"
    )
    table.caption_justify = "left"
    return table


def _ways(
    name: str, backend: Backend, precision: str, seconds: float
) -> list[tuple[str, Callable[[], float]]]:
    """Each way to train that this device has, and what measures its images a second."""
    ways: list[tuple[str, Callable[[], float]]] = []
    for steps in STEPS:
        if steps != "graph" or backend.kind == "cuda":
            taken = replace(backend, steps=steps)
            ways.append((steps, partial(training_rate, name, taken, precision, seconds)))
    if can_be_grouped(paper_recipe(name, "cifar10", "true-labels")):
        ways.append(("together", partial(group_rate, name, TOGETHER, backend, precision, seconds)))
    return ways


def group_rate(name: str, members: int, backend: Backend, precision: str, seconds: float) -> float:
    """Images a second, of all members, of a vectorised group of runs that differ in their seed."""
    recipe, data = recipe_and_data(name, backend, precision)
    # Without an end, so that no epoch is the last one, which alone evaluates.
    endless = replace(recipe, epochs=10**9, evaluation="at the end", stop_at_zero_error=False)
    recipes = [replace(endless, seed=seed) for seed in range(members)]
    group = GroupTraining(recipes, [data] * members, backend)

    def epoch() -> int:
        group.run_epoch()
        return members * len(data.train_labels)

    return rate(epoch, seconds, backend.device, warm_up=1)


def _memory(backend: Backend) -> str:
    if backend.kind != "cuda":
        return "-"
    return f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
