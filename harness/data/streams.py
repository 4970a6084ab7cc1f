"""Random streams: one generator for each purpose, all from a recipe's seed.

Draws are made on the CPU, so that they are the same for every device. Streams are independent:
labels do not change when a network gains a layer.
"""

import hashlib
from collections.abc import Iterable

import torch

LABELS = "labels"
PIXELS = "pixels"
SUBSET = "subset"
INITIALIZATION = "initialization"
ORDER = "order"
REDRAW = "redraw"
AUGMENTATION = "augmentation"
DROPOUT = "dropout"
NETWORK = "network"
"""The draws of a custom network while it trains, such as dropout."""
DRAWN_IN_TRAINING = (ORDER, REDRAW, AUGMENTATION, DROPOUT, NETWORK)
"""The streams that continue from epoch to epoch."""


def stream(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator for ``purpose``, the same for the same seed on every machine."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def digest(integers: torch.Tensor) -> str:
    """A short hash of integers, such as labels or a permutation."""
    return hashlib.sha256(integers.to(torch.int64).cpu().numpy().tobytes()).hexdigest()[:16]


def digest_of_bits(tensors: Iterable[torch.Tensor]) -> str:
    """A short hash of all bits of tensors, such as initial weights."""
    found = hashlib.sha256()
    for tensor in tensors:
        bits = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        found.update(bits.numpy().data)
    return found.hexdigest()[:16]
