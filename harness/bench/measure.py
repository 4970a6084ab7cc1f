"""The measurements: a network's training rate, the plain loop's, the machine's."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.data.catalogue import dataset_spec
from harness.data.prepare import DataSpec, TrainingData, prepare
from harness.data.sources import ImageSet
from harness.training.backend import Backend
from harness.training.loop import Training, image_layout
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

IMAGES = 6_400
BATCH = 128


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
    """Random bytes of CIFAR-10's shape: speed does not hang on what is on them."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (IMAGES, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.randint(10, (IMAGES,), generator=generator)
    return ImageSet(dataset_spec("cifar10"), pixels, labels, pixels[:1], labels[:1], "")


def recipe_and_data(model: str, backend: Backend, precision: str) -> tuple[Recipe, TrainingData]:
    """The paper's recipe of a network on synthetic images, resident on the device."""
    recipe = replace(paper_recipe(model, "cifar10", "true-labels"), precision=precision)
    spec = DataSpec("cifar10", None, 28, 0.0, "true", 0)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    return recipe, prepare(synthetic_images(), spec, backend.device, dtype, image_layout(recipe))


def training_rate(model: str, backend: Backend, precision: str, seconds: float) -> float:
    """Images a second of the harness's own step, random batches and all."""
    training = Training(*recipe_and_data(model, backend, precision), backend)
    training.model.train()
    batches = _batches(backend.device)

    def step() -> int:
        batch = next(batches)
        training.step(batch)
        return len(batch)

    return rate(step, seconds, backend.device)


def operations_per_image(model: str) -> float:
    """Floating-point operations in matrix products and convolutions to train on one image."""
    backend = Backend("cpu", 1)
    training = Training(*recipe_and_data(model, backend, "fp32"), backend)
    batch = torch.arange(BATCH)
    with FlopCounterMode(display=False) as counter:
        training.step(batch)
    return counter.get_total_flops() / BATCH


def _batches(device: str) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    for _ in itertools.count():
        order = torch.randperm(IMAGES, generator=generator).to(device)
        yield from order.split(BATCH)


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
