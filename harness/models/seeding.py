"""The global generators under a seed: custom networks draw from them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(generator: torch.Generator) -> Iterator[None]:
    """Seed Python's, NumPy's and PyTorch's (CPU) global generators; restore them afterwards."""
    seed = int(torch.randint(2**31, (), generator=generator))
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
