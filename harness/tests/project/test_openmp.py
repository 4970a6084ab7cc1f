"""Threads that wait for each other soon sleep, unless the user has said how they wait."""

import os
import subprocess
import sys

import pytest

LOOK = (
    "import os, sys, harness.plugin; print(*map(os.environ.get, {names}), 'torch' in sys.modules)"
)
NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, "1000 None False"),
        ({"GOMP_SPINCOUNT": "5"}, "5 None False"),
        ({"OMP_WAIT_POLICY": "active"}, "None active False"),
    ],
    ids=["nothing", "a count", "a policy"],
)
def test_the_spin_of_waiting_threads_is_bounded_before_pytorch_is_loaded(said, found):
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    command = [sys.executable, "-c", LOOK.format(names=NAMES)]
    done = subprocess.run(
        command, env={**environment, **said}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found
