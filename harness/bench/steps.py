"""The ways to train side by side: eager steps, compiled, a CUDA graph of each; runs together."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from rich.console import RenderableType

from harness.bench.measure import (
    Setup,
    matrix_product_rate,
    operations_per_image,
    rate,
    recipe_and_data,
    training_rate,
)
from harness.models.registry import model_spec
from harness.report.terminal import plain_table
from harness.training.backend import Backend
from harness.training.batching import can_be_grouped
from harness.training.group import GroupTraining
from harness.training.protocol import paper_recipe
from harness.training.steps import STEPS

CIFAR10 = 50_000
TOGETHER = 4


def steps(setup: Setup) -> Iterator[RenderableType]:
    """Images a second, seconds an epoch of CIFAR-10, share of the machine's own rate."""
    device = setup.backend.device
    table = plain_table(
        *("train", "steps", ">images/s", ">s/epoch", ">share", ">memory"),
        caption="share: of a large matrix product's rate in the same precision; together:"
        f" {TOGETHER} runs as one vectorised job, images and epochs of one run",
    )
    for name in setup.models:
        work = operations_per_image(name)
        for way, measure in _ways(name, setup):
            machine = matrix_product_rate(setup.precision, device, setup.seconds)
            if setup.backend.kind == "cuda":
                torch.cuda.reset_peak_memory_stats()
            images = measure()
            table.add_row(
                model_spec(name).paper_name,
                way,
                f"{images:,.0f}",
                f"{CIFAR10 / images:.2f}",
                f"{100 * images * work / machine:.0f} %",
                _memory(setup.backend),
            )
    yield table


def _ways(name: str, setup: Setup) -> Iterator[tuple[str, Callable[[], float]]]:
    """Each way to train that this device has, and the measurement of its images a second."""
    for way in STEPS:
        if way != "graph" or setup.backend.kind == "cuda":
            backend = replace(setup.backend, steps=way)
            yield way, partial(training_rate, name, backend, setup.precision, setup.seconds)
    if can_be_grouped(paper_recipe(name, "cifar10", "true-labels")):
        yield "together", partial(group_rate, name, TOGETHER, setup)


def group_rate(name: str, members: int, setup: Setup) -> float:
    """Images a second, of all members, of a vectorised group of runs that differ in their seed."""
    recipe, data = recipe_and_data(name, setup.backend, setup.precision)
    # Without an end: only a last epoch evaluates.
    endless = replace(recipe, epochs=10**9, evaluation="at the end", stop_at_zero_error=False)
    recipes = [replace(endless, seed=seed) for seed in range(members)]
    group = GroupTraining(recipes, [data] * members, setup.backend)

    def epoch() -> int:
        group.run_epoch()
        return members * len(data.train_labels)

    return rate(epoch, setup.seconds, setup.backend.device, warm_up=1)


def _memory(backend: Backend) -> str:
    if backend.kind != "cuda":
        return "-"
    return f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
