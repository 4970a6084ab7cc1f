"""The processes that share one training: torchrun starts them, DistributedDataParallel joins them.

A `Training` runs the same code alone and as one of several. `Ranks` says which part of a batch is
this process's, and sums over all processes.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from harness.errors import DeviceError, InvalidRecipe
from harness.training.recipe import Recipe

PATIENCE = timedelta(hours=6)
"""How long ranks wait for one that reads all of ImageNet for the first time."""


@dataclass(frozen=True)
class Ranks:
    """This process among those that share a training, in the terms of torch.distributed."""

    rank: int = 0
    world_size: int = 1
    joined: bool = False
    """Whether torchrun started this process, even as the only one."""

    def parts(self, batch: torch.Tensor, size: int | None) -> list[tuple[torch.Tensor, float, int]]:
        """This process's parts of a batch (B,): indices, share of the batch, number of the part.

        Each has at most ``size`` indices; by default the batch is divided by the processes. A
        process without a part gets two indices with a share of 0, so that all take the same steps.
        """
        every = list(batch.split(size or -(-len(batch) // self.world_size)))
        if len(every) > 1 and len(every[-1]) == 1:
            # BatchNorm cannot normalise a single image.
            every[-2:] = [torch.cat(every[-2:])]
        numbered = [(part, len(part) / len(batch), k) for k, part in enumerate(every)]
        return numbered[self.rank :: self.world_size] or [(batch[:2], 0.0, 0)]

    def all_reduce(self, values: torch.Tensor) -> torch.Tensor:
        """The sum of a tensor over all processes."""
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def wrap(self, model: nn.Module) -> nn.Module:
        """The network with gradients averaged over the processes.

        A single process keeps the network: copies of gradients would cost an MLP 12 % of its time.
        """
        if self.world_size == 1:
            return model
        device = next(model.parameters()).device
        with warnings.catch_warnings():
            # PyTorch 2.14 deprecates broadcast_buffers; 2.11 has nothing else.
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(
                model,
                device_ids=[device] if device.type == "cuda" else None,
                broadcast_buffers=False,
                gradient_as_bucket_view=True,
            )

    @torch.no_grad()
    def average_buffers(self, model: nn.Module) -> None:
        """BatchNorm's running averages, averaged over the processes after an epoch."""
        if self.world_size > 1:
            for buffer in model.buffers():
                if buffer.is_floating_point():
                    dist.all_reduce(buffer)
                    buffer /= self.world_size

    def broadcast(self, content: bytes) -> bytes:
        """Rank 0's bytes, on every rank."""
        found = [content]
        if self.world_size > 1:
            dist.broadcast_object_list(found)
        return found[0]


ALONE = Ranks()


def require_gpus(device_kind: str) -> None:
    """Raise DeviceError where torchrun started more processes here than there are GPUs."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    gpus = torch.cuda.device_count() if device_kind == "cuda" else here
    if here > gpus:
        raise DeviceError(
            f"torchrun started {here} processes on this machine, which has {gpus} GPUs; use"
            f" --nproc-per-node {max(gpus, 1)}, or --device cpu"
        )


def check_share(recipe: Recipe, model: nn.Module, ranks: Ranks) -> None:
    """Raise InvalidRecipe where these processes cannot share the recipe's batches."""
    if ranks.world_size == 1:
        return
    if recipe.redraw == "inputs each access":
        raise InvalidRecipe(f"{recipe} draws inputs at each access: train it in one process")
    if recipe.rank_batch is None:
        normalises = any(isinstance(it, nn.modules.batchnorm._BatchNorm) for it in model.modules())
        if normalises or recipe.dropout:
            raise InvalidRecipe(
                f"{recipe.model} would be another network with every number of processes"
                f" ({'BatchNorm' if normalises else 'dropout'}): state the batch of one of them,"
                f" as in rank_batch={max(1, recipe.batch_size // ranks.world_size)}"
            )
    elif recipe.processes < ranks.world_size:
        raise InvalidRecipe(
            f"batch_size = {recipe.batch_size} has {recipe.processes} part"
            f"{'s' * (recipe.processes > 1)} of rank_batch ="
            f" {recipe.rank_batch}, but torchrun started {ranks.world_size} processes; start"
            f" {recipe.processes} at most"
        )


@contextmanager
def joined(device_kind: str) -> Iterator[Ranks]:
    """The processes that torchrun started, joined while the block lasts, or this one alone.

    Raises DeviceError for more processes than GPUs.
    """
    if not {"TORCHELASTIC_RUN_ID", "RANK"} <= os.environ.keys():
        yield ALONE
        return
    require_gpus(device_kind)
    backend = "nccl" if device_kind == "cuda" else "gloo"
    if device_kind == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), joined=True)
    finally:
        dist.destroy_process_group()
