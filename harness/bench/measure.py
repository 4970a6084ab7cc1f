"""The settings of a benchmark, and what several measure: rates of training and of the machine."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from harness.data.catalogue import dataset_spec
from harness.data.prepare import DataSpec, TrainingData, prepare
from harness.data.sources import ImageSet
from harness.models.building import make_network
from harness.training.backend import Backend
from harness.training.learner import image_layout
from harness.training.loop import Training
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe
from harness.training.steps import WARM_UP, batches_of, chosen_steps
from harness.training.turns import on

IMAGES = 7_680
"""60 batches: what a CUDA graph takes of an MLP, twice."""
BATCH = 128


@dataclass(frozen=True)
class Setup:
    """What is measured, on which device, and how long each measurement takes."""

    backend: Backend
    precision: str
    models: list[str]
    seconds: float
    points: int
    """The size of the kernel that is solved."""


def in_turns(setup: Setup, rounds: int, *measures: Callable[[float], float]) -> tuple[float, ...]:
    """The mean of each measure over rounds; clocks and other processes change within a minute."""
    each = [[measure(setup.seconds / rounds) for measure in measures] for _ in range(rounds)]
    return tuple(sum(values) / rounds for values in zip(*each, strict=True))


def rate(step: Callable[[], int], seconds: float, device: str, warm_up: int = 3) -> float:
    """Units a second over about ``seconds``; ``step`` does some work and returns its units."""
    for _ in range(warm_up):
        step()
    _wait(device)
    started, units = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        units += step()
    _wait(device)
    return units / (time.perf_counter() - started)


def fastest(work: Callable[[], object], seconds: float, tries: int = 1) -> float:
    """Seconds of the fastest call: of at least ``tries``, and as many as fit."""
    best, started = float("inf"), time.perf_counter()
    while tries > 0 or time.perf_counter() - started < seconds:
        before = time.perf_counter()
        work()
        best, tries = min(best, time.perf_counter() - before), tries - 1
    return best


def matrix_product_rate(precision: str, device: str, seconds: float) -> float:
    """Floating-point operations a second of a large matrix product: the machine's own measure."""
    size = 8_192 if device.startswith("cuda") else 2_048
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)

    def product() -> int:
        torch.mm(a, b, out=out)
        return 2 * size**3

    return rate(product, seconds, device)


def synthetic_images() -> ImageSet:
    """Random bytes of CIFAR-10's shape: speed does not depend on their content."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (IMAGES, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.randint(10, (IMAGES,), generator=generator)
    return ImageSet(dataset_spec("cifar10"), pixels, labels, pixels[:1], labels[:1], "")


def recipe_and_data(model: str, backend: Backend, precision: str) -> tuple[Recipe, TrainingData]:
    """The paper's recipe of a network on synthetic images, resident on the device."""
    recipe = replace(paper_recipe(model, "cifar10", "true-labels"), precision=precision)
    spec = DataSpec("cifar10", None, 28, 0.0, "true", 0)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    layout = image_layout(recipe, backend.device, precision)
    return recipe, prepare(synthetic_images(), spec, backend.device, dtype, layout)


def training_rate(model: str, backend: Backend, precision: str, seconds: float) -> float:
    """Images a second of the harness's own steps, with random batches."""
    recipe, data = recipe_and_data(model, backend, precision)
    training = Training(recipe, data, replace(backend, steps=chosen_steps(recipe, backend)))
    training.model.train()
    batches = _batches(training)

    def step() -> int:
        batch = next(batches)
        training.step(batch)
        return len(batch)

    with on(training.stream):
        # A CUDA graph is captured after so many steps.
        return rate(step, seconds, backend.device, warm_up=WARM_UP + 2)


def operations_per_image(model: str) -> float:
    """Floating-point operations in matrix products and convolutions to train on one image."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:  # Nothing is computed.
        images, labels = torch.empty(BATCH, 3, 28, 28), torch.zeros(BATCH, dtype=torch.int64)
        cross_entropy(make_network(model, (3, 28, 28), 10)(images), labels).backward()
    return counter.get_total_flops() / BATCH


def _batches(training: Training) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    for _ in itertools.count():
        order = torch.randperm(IMAGES, generator=generator).to(training.device)
        yield from batches_of(order, BATCH, training.together)


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
