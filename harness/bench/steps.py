"""The ways to train side by side: eager, CUDA graphs, compiled, as one job, and in turns."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from harness.bench.measure import (
    Setup,
    matrix_product_rate,
    operations_per_image,
    rate,
    recipe_and_data,
    training_rate,
)
from harness.training.backend import Backend
from harness.training.batching import can_be_grouped
from harness.training.group import GroupTraining
from harness.training.loop import Training
from harness.training.protocol import paper_recipe
from harness.training.steps import WARM_UP, chosen_steps

CIFAR10 = 50_000
TOGETHER = 4
AT_ONCE = (1, 2, 3)
WORTH = 1.1
"""Times the rate of fewer from which more at once are worth it: each of them ends later."""


def steps(setup: Setup) -> Iterator[str]:
    """Images a second, seconds an epoch of CIFAR-10, share of the machine's own rate, memory.

    A line at a time, so that what is cut off leaves what was measured.
    """
    device = setup.backend.device
    yield _line("train", "steps", "images/s", "s/epoch", "share", "memory")
    for name in setup.models:
        work = operations_per_image(name)
        for way, measure in _ways(name, setup):
            machine = matrix_product_rate(setup.precision, device, setup.seconds)
            images, memory = _with_memory(measure, setup.backend)
            share = f"{100 * images * work / machine:.0f} %"
            yield _line(name, way, f"{images:,.0f}", f"{CIFAR10 / images:.2f}", share, memory)
    yield "share: of a large matrix product's rate in the same precision"
    yield f"{TOGETHER} together: as one vectorised job; at once: in turns; images and epochs of all"


def at_once(setup: Setup) -> Iterator[str]:
    """Images a second of trainings in turns, all of them; last, how many to train at once.

    So many as are faster than fewer by `WORTH`, of the first network.
    """
    yield _line("train", "at once", "images/s", "s/epoch", "", "memory")
    best = best_rate = 0.0
    for name in setup.models:
        for count in AT_ONCE:
            images, memory = _with_memory(partial(rate_in_turns, name, count, setup), setup.backend)
            yield _line(name, str(count), f"{images:,.0f}", f"{CIFAR10 / images:.2f}", "", memory)
            if name == setup.models[0] and images > WORTH * best_rate:
                best, best_rate = count, images
    yield f"at once: {best}"


def _line(name: str, way: str, images: str, epoch: str, share: str, memory: str) -> str:
    return f"{name:<28}{way:<14}{images:>10}{epoch:>9}{share:>8}{memory:>10}".rstrip()


def _with_memory(measure: Callable[[], float], backend: Backend) -> tuple[float, str]:
    """What is measured, and the most memory of a GPU meanwhile, in words."""
    if backend.kind != "cuda":
        return measure(), "-"
    gc.collect()  # An eager training and its steps refer to each other.
    torch.cuda.init()
    torch.cuda.reset_peak_memory_stats()
    return measure(), f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB"


def _ways(name: str, setup: Setup) -> Iterator[tuple[str, Callable[[], float]]]:
    """Each way to train that this device has, and the measurement of its images a second."""
    if can_be_grouped(paper_recipe(name, "cifar10", "true-labels")):
        yield f"{TOGETHER} together", partial(group_rate, name, TOGETHER, setup)

    def alone(way: str) -> Callable[[], float]:
        backend = replace(setup.backend, steps=way)
        return partial(training_rate, name, backend, setup.precision, setup.seconds)

    yield "eager", alone("eager")
    if setup.backend.kind == "cuda":
        yield "graph", alone("graph")
    for count in AT_ONCE[1:]:
        yield f"{count} at once", partial(rate_in_turns, name, count, setup)
    yield "compiled", alone("compiled")  # Last, for it takes minutes to compile.


def group_rate(name: str, members: int, setup: Setup) -> float:
    """Images a second, of all members, of a vectorised group of runs that differ in their seed."""
    recipe, data = recipe_and_data(name, setup.backend, setup.precision)
    recipes = [replace(recipe, **ENDLESS, seed=seed) for seed in range(members)]
    backend = replace(setup.backend, steps=chosen_steps(recipe, setup.backend))
    group = GroupTraining(recipes, [data] * members, backend)

    def epoch() -> int:
        group.run_epoch()
        return members * len(data.train_labels)

    return rate(epoch, setup.seconds, backend.device, warm_up=_warm_up(backend))


def rate_in_turns(name: str, count: int, setup: Setup) -> float:
    """Images a second, of all, of so many trainings that take turns."""
    recipe, data = recipe_and_data(name, setup.backend, setup.precision)
    backend = replace(setup.backend, steps=chosen_steps(recipe, setup.backend))
    trainings = [
        Training(replace(recipe, **ENDLESS, seed=seed), data, backend) for seed in range(count)
    ]

    def epochs() -> int:
        left = [training.epoch() for training in trainings]
        while left:
            left = [turns for turns in left if next(turns, turns) is None]
        return count * len(data.train_labels)

    return rate(epochs, setup.seconds, backend.device, warm_up=_warm_up(backend))


def _warm_up(backend: Backend) -> int:
    """Epochs before the measurement: two calls each, until a graph is captured."""
    return WARM_UP if backend.steps == "graph" else 1


ENDLESS: dict[str, Any] = {"epochs": 10**9, "evaluation": "at the end", "stop_at_zero_error": False}
"""Only a last epoch evaluates."""
