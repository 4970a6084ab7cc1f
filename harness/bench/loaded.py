"""Training on a machine that is busy with something else: a process a core that never waits."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from rich.table import Table

from harness.bench.measure import training_rate
from harness.environment import available_cores
from harness.models.registry import MODELS, model_spec
from harness.training.backend import resolve_backend

ROUNDS = 4
WANTED = 2.5
"""Half the cores are left, and a little is lost."""


@contextmanager
def spinning(processes: int) -> Iterator[None]:
    """So many processes beside this one that keep a core busy."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def loaded_table(models: list[str] | None, seconds: float, device: str, precision: str) -> Table:
    """Measure: images a second without and with other processes, in turns."""
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    precision = backend.precision(precision)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("train beside others", no_wrap=True)
    for column in ("alone, images/s", "loaded, images/s", "times"):
        table.add_column(column, justify="right", no_wrap=True)
    for name in models or [name for name in MODELS if name != "linear"]:
        alone = loaded = 0.0
        for _ in range(ROUNDS):
            alone += training_rate(name, backend, precision, seconds / ROUNDS)
            with spinning(available_cores()):
                loaded += training_rate(name, backend, precision, seconds / ROUNDS)
        table.add_row(
            model_spec(name).paper_name,
            f"{alone / ROUNDS:,.0f}",
            f"{loaded / ROUNDS:,.0f}",
            f"{alone / loaded:.1f}",
        )
    table.caption = f"loaded: beside a spinning process a core; wanted: {WANTED} times"
    table.caption_justify = "left"
    return table
