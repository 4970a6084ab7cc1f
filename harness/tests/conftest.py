"""Fixtures of the harness's own tests."""

import pytest


@pytest.fixture
def restored_threads():
    """Training sets the number of threads of the process: put it back."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
