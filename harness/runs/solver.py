"""From a linear model's recipe to its finished solve: from the store, or solved now, once."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from harness.environment import commit, describe, now
from harness.linear.recipe import SolveRecipe
from harness.runs.key import solve_key
from harness.runs.solve import Solve
from harness.runs.store import Store

LARGE = 1e9
"""Bytes from which a solve waits for others that are as large: they would not fit side by side."""
WORTH_THREADS = 1e8
"""Bytes below which threads cost more than they bring."""


def turn_file() -> Path:
    """Locked by a large solve: memory is this machine's, whatever store a solve goes to."""
    user = getattr(os, "getuid", int)()
    return Path(tempfile.gettempdir()) / f"rethinking-generalization-large-solve-{user}.lock"


@dataclass(frozen=True)
class SolveProgress:
    """What is solved now: the phase, and the share of the factorisation that is done."""

    recipe: SolveRecipe
    phase: str
    share: float
    seconds_left: float | None
    """Of the factorisation; None where nobody knows yet."""

    def __str__(self) -> str:
        text = f"{self.recipe}: {self.phase}"
        if 0 < self.share < 1:
            text += f" {100 * self.share:.0f} %"
            if self.seconds_left is not None:
                minutes, seconds = divmod(round(self.seconds_left), 60)
                text += f", {minutes}:{seconds:02d} min left"
        return text


@dataclass
class Solver:
    """A store of solves, a device and a data folder. Torch is imported with the first solve."""

    store: Store
    device: str = "auto"
    data_root: Path | None = None
    workers: int = 1
    threads: int | None = None
    """CPU threads, where they are not this process's share of the cores."""
    on_progress: Callable[[SolveProgress], None] = lambda progress: None
    elsewhere: Mapping[SolveRecipe, str] = field(default_factory=dict)
    """Keys in the store of what other machines have solved."""
    phase_started: tuple[str, float] = field(default=("", 0.0), init=False)

    def solve(self, recipe: SolveRecipe) -> Solve:
        """The finished solve of ``recipe``; raises DataError, DeviceError, StoreError and what
        `harness.linear.machine.fit` raises. An interrupted solve leaves nothing behind.
        """
        from harness.data.sources import fingerprint
        from harness.linear.solve import memory_needed
        from harness.training.backend import resolve_backend

        if (key := self.elsewhere.get(recipe)) and (found := self.store.find(key, mend=False)):
            return found
        backend = resolve_backend(self.device, self.workers)
        key = solve_key(recipe, backend.kind, fingerprint(recipe.dataset))
        if (found := self.store.find(key, mend=False)) is not None:
            return found
        with self.store.lock(key, str(recipe)):
            if (found := self.store.find(key)) is not None:
                return found  # Another process has solved it while this one waited.
            needed = memory_needed(recipe)
            with self._turn(recipe, needed):
                threads = (self.threads or backend.threads) if needed >= WORTH_THREADS else 1
                return self._solve(recipe, key, backend.device, threads)

    def _solve(self, recipe: SolveRecipe, key: str, device: str, threads: int) -> Solve:
        import torch

        from harness.linear.solve import probe, solve

        torch.set_num_threads(threads)
        started, cpu = time.perf_counter(), time.process_time()
        outcome = solve(
            recipe, self.data_root, device, lambda what, share: self._tell(recipe, what, share)
        )
        spent = time.perf_counter() - started
        if recipe.train_size is None:
            outcome = replace(
                outcome, facts={**outcome.facts, "probe": probe(recipe, self.data_root)}
            )
        result = Solve(
            key=key,
            recipe=recipe,
            outcome=outcome,
            device=device,
            seconds=spent,
            finished=now(),
            environment={
                **describe(),
                **commit(),
                "threads": threads,
                # Of all threads: what neighbours take of the machine does not count.
                "cpu_seconds": time.process_time() - cpu,
            },
        )
        self.store.keep(result)
        return result

    @contextmanager
    def _turn(self, recipe: SolveRecipe, needed: int) -> Iterator[None]:
        """Large solves one after the other, whichever process they are in."""
        if needed < LARGE:
            yield
            return
        lock = FileLock(turn_file())
        while True:
            try:
                lock.acquire(timeout=1)
                break
            except Timeout:
                phase = (
                    f"waits for the memory that another solve holds; needs {needed / 1e9:.1f} GB"
                )
                self.on_progress(SolveProgress(recipe, phase, 0.0, None))
        try:
            yield
        finally:
            lock.release()

    def _tell(self, recipe: SolveRecipe, phase: str, share: float) -> None:
        if phase != self.phase_started[0]:
            self.phase_started = (phase, time.monotonic())
        elapsed = time.monotonic() - self.phase_started[1]
        left = elapsed * (1 - share) / share if share > 0.01 else None
        self.on_progress(SolveProgress(recipe, phase, share, left))
