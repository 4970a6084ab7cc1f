"""OpenMP's waiting threads sleep soon, unless the user sets how they wait."""

import io
import os
import re
import subprocess
import sys

import pytest

from harness import SPIN, spin_count

NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
CODE = f"import os, sys, harness.plugin; print(*map(os.getenv, {NAMES}), 'torch' in sys.modules)"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "(1000|0) None False"),
        ({"GOMP_SPINCOUNT": "5"}, "5 None False"),
        ({"OMP_WAIT_POLICY": "active"}, "None active False"),
    ],
)
def test_the_spin_count_is_set_before_pytorch_is_loaded(given, found):
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | given
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert re.fullmatch(found, done.stdout.strip())


@pytest.mark.parametrize(
    ("seen", "count"),
    [(["2/99"], SPIN), (["3/99"] * 3, 0), (["3/99", "3/99", "2/99"], SPIN), (["nonsense"], SPIN)],
)
def test_on_a_busy_machine_threads_sleep_at_once(monkeypatch, seen, count):
    """With two cores; a moment with many processes, as at a start, is not enough."""
    texts = iter(seen)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(
        "builtins.open", lambda *path, **how: io.StringIO(f"0.1 0.2 0.3 {next(texts)} 7")
    )
    assert spin_count([0.0] * 3) == count
