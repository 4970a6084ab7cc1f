"""Fixtures of the harness's own tests."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def restored_threads():
    """Training sets the number of threads of the process: put it back."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def unprivileged():
    """A folder, and a context in which permissions hold, as they do not for root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("a system without such permissions")

    @contextlib.contextmanager
    def as_nobody():
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    with tempfile.TemporaryDirectory() as folder:  # Nobody may enter those of pytest.
        os.chmod(folder, 0o755)
        yield Path(folder), as_nobody
        for place, folders, _ in os.walk(folder):
            for name in folders:
                os.chmod(Path(place, name), 0o755)
