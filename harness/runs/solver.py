"""Solves of linear models as the runner has them made, large ones one after the other."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from harness.data.sources import fingerprint
from harness.linear.recipe import SolveRecipe
from harness.linear.solve import memory_needed, probe, solve
from harness.runs.key import run_key
from harness.runs.run import Solve
from harness.runs.settings import Progress, Settings
from harness.training.backend import resolve_backend

LARGE = 1e9
"""Bytes from which a solve waits for others that are as large: they would not fit side by side."""
WORTH_THREADS = 1e8
"""Bytes of a solve below which threads cost more than they bring."""


class Solver:
    """Makes runs of a `SolveRecipe`. An interrupted solve leaves nothing behind."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def key(self, recipe: SolveRecipe) -> str:
        """A solve's key; raises DeviceError where the device is not here."""
        kind = resolve_backend(self.settings.device).kind
        data = fingerprint(recipe.dataset, self.settings.data_root)
        return run_key(recipe, recipe.precision, kind, data)

    def make(self, by_key: Mapping[str, SolveRecipe]) -> Iterator[Solve]:
        """Solve the recipes, one by one."""
        for key, recipe in by_key.items():
            with self._turn(recipe):
                yield self._solve(recipe, key)

    def _solve(self, recipe: SolveRecipe, key: str) -> Solve:
        backend = resolve_backend(self.settings.device, self.settings.workers)
        threads, root = self.settings.threads or backend.threads, self.settings.data_root
        if memory_needed(recipe) < WORTH_THREADS:
            threads = 1
        torch.set_num_threads(threads)
        started, cpu = time.perf_counter(), time.process_time()
        outcome = solve(recipe, root, backend.device, _reporter(recipe, self.settings))
        seconds = time.perf_counter() - started
        if recipe.train_size is None:
            outcome = replace(outcome, facts={**outcome.facts, "probe": probe(recipe, root)})
        return Solve.made_here(
            key=key,
            recipe=recipe,
            outcome=outcome,
            precision=recipe.precision,
            device=backend.device,
            seconds=seconds,
            # CPU seconds are of all threads: what other processes take of the machine is left out.
            environment={"threads": threads, "cpu_seconds": time.process_time() - cpu},
        )

    @contextmanager
    def _turn(self, recipe: SolveRecipe) -> Iterator[None]:
        """Let large solves wait for each other, whichever process they are in."""
        needed = memory_needed(recipe)
        if needed < LARGE:
            yield
            return
        lock = FileLock(turn_file())
        while not lock.is_locked:
            try:
                lock.acquire(timeout=1)
            except Timeout:
                phase = (
                    f"waits for the memory that another solve holds; needs {needed / 1e9:.1f} GB"
                )
                self.settings.on_progress(Progress(recipe, phase))
        try:
            yield
        finally:
            lock.release()


def turn_file() -> Path:
    """Locked by a large solve: memory is this machine's, whatever store a solve goes to."""
    user = getattr(os, "getuid", int)()
    return Path(tempfile.gettempdir()) / f"rethinking-generalization-large-solve-{user}.lock"


def _reporter(recipe: SolveRecipe, settings: Settings) -> Callable[[str, float], None]:
    """Reports each phase of a solve, with the time left at the phase's rate so far."""
    started: dict[str, float] = {}

    def report(phase: str, share: float) -> None:
        if phase not in started:
            started.clear()
        elapsed = time.monotonic() - started.setdefault(phase, time.monotonic())
        left = elapsed * (1 - share) / share if 0.01 < share < 1 else None
        settings.on_progress(Progress(recipe, phase, share, left))

    return report
