"""OpenMP's waiting threads sleep soon, unless the user sets how they wait."""

import os
import subprocess
import sys

import pytest

NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
CODE = f"import os, sys, harness.plugin; print(*map(os.getenv, {NAMES}), 'torch' in sys.modules)"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "1000 None False"),
        ({"GOMP_SPINCOUNT": "5"}, "5 None False"),
        ({"OMP_WAIT_POLICY": "active"}, "None active False"),
    ],
)
def test_the_spin_count_is_set_before_pytorch_is_loaded(given, found):
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | given
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found
