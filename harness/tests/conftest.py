"""Fixtures of the harness's own tests."""

import os
import tempfile
from pathlib import Path

import pytest

from harness.tests.plugin_helpers import without_privileges


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

    with tempfile.TemporaryDirectory() as folder:  # Nobody may enter those of pytest.
        os.chmod(folder, 0o755)
        yield Path(folder), without_privileges
        for place, folders, _ in os.walk(folder):
            for name in folders:
                os.chmod(Path(place, name), 0o755)
