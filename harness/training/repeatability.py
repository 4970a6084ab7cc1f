"""Whether a network can be trained on a CPU, in bf16 above all: one step taken twice must agree.

Some of PyTorch's kernels leave parts of a gradient unwritten: on a CPU with AMX, the positions of a
3x3 filter that see nothing but padding. The gradient then holds what the memory held before.
"""

import copy
import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Literal

import torch
from torch import nn

from harness.data import streams
from harness.data.prepare import TrainingData
from harness.models.custom import seeded
from harness.training.backend import Backend
from harness.training.checkpoint import restore, state_of
from harness.training.learner import image_layout
from harness.training.loop import Training
from harness.training.recipe import Recipe

DECIDES = (
    *("model", "model_options", "dataset", "crop", "image_size", "labels"),
    *("batch_size", "rank_batch", "auxiliary"),
)
"""Recipe fields that choose the kernels of a step; the others choose values alone."""

M_PERTURB = -6
"""glibc's option of mallopt(3) that fills every block as it is handed out."""
FILLS = ((0x100, torch.nan), (0x80, 3e30))
"""For each of two passes: mallopt's value (blocks are filled with the complement of its last byte),
and the number that fills blocks of other allocators. First NaN, then large numbers."""


def unrepeatable(
    recipe: Recipe, backend: Backend, precision: Literal["fp32", "bf16"] = "bf16"
) -> tuple[str, ...]:
    """What differs between two passes from one state: "the loss", or parameters by name.

    Empty where the network can be trained so. Memory is filled before each pass, and each size of
    batch is tried, that of the last one of an epoch, too.
    """
    size = recipe.batch_size
    chosen = {name: getattr(recipe, name) for name in DECIDES}
    chosen["train_size"] = min(recipe.images, size + recipe.images % size)
    return _examined(Recipe(**chosen, precision=precision), replace(backend, steps="eager"))


@cache
def _examined(recipe: Recipe, backend: Backend) -> tuple[str, ...]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(recipe.images, *recipe.image_shape, generator=generator)
    dtype = torch.bfloat16 if recipe.precision == "bf16" else torch.float32
    images = images.to(dtype, memory_format=image_layout(recipe, "cpu", recipe.precision))
    labels = torch.arange(recipe.images) % recipe.classes
    data = TrainingData(images, labels, images[:1], labels[:1], recipe.classes)
    training = Training(recipe, data, backend)
    state = copy.deepcopy(state_of(training))
    passes = []
    for option, value in FILLS:
        found = {}
        for batch in torch.arange(recipe.images).split(recipe.batch_size):
            restore(training, state)
            training.model.train()
            with _dirty_memory(training.model, option, value):
                with seeded(training.generators[streams.NETWORK]):
                    loss, _ = training.step(batch)
            found["the loss", len(batch)] = _bits(loss)
            for name, parameter in training.model.named_parameters():
                if parameter.grad is not None:
                    found[name, len(batch)] = _bits(parameter.grad)
        passes.append(found)
    first, again = passes
    return tuple(dict.fromkeys(key[0] for key in first if not torch.equal(first[key], again[key])))


@contextmanager
def _dirty_memory(model: nn.Module, option: int, value: float) -> Iterator[None]:
    """Newly allocated memory holds ``value``, as if it had been used before."""
    for dtype in (torch.float32, torch.bfloat16):
        torch.cat([torch.full((p.numel(),), value, dtype=dtype) for p in model.parameters()])
    mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda option, value: 0)
    mallopt(M_PERTURB, option)
    try:
        yield
    finally:
        mallopt(M_PERTURB, 0)


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    """A copy as integers, so that NaN equals NaN."""
    return tensor.detach().float().contiguous().view(torch.int32).clone()
