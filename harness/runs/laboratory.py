"""From a recipe to a finished run: from the store, or by training it now, once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.environment import describe, now
from harness.runs.key import run_key
from harness.runs.run import Run
from harness.runs.store import Store
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.data.prepare import Prepared
    from harness.training.backend import Backend
    from harness.training.loop import Training

CHECKPOINT_SECONDS = 30.0


@dataclass(frozen=True)
class Progress:
    """What trains now, after an epoch."""

    recipe: Recipe
    epoch: int
    loss: float
    accuracy: float
    """Online training accuracy, a share."""
    seconds_left: float
    """If all epochs are run; less where the recipe stops at zero error."""
    stops_early: bool

    def __str__(self) -> str:
        left = f"{'at most ' if self.stops_early else ''}{_duration(self.seconds_left)} left"
        return (
            f"{self.recipe}: epoch {self.epoch}/{self.recipe.epochs},"
            f" accuracy {100 * self.accuracy:.1f} %, {left}"
        )


@dataclass
class Laboratory:
    """A store, a device and a data folder: what turns recipes into runs.

    ``device`` is as in `resolve_backend`; ``workers`` is the number of processes that share the
    machine's cores. Torch is imported when the first recipe is asked for, not before.
    """

    store: Store
    device: str = "auto"
    data_root: Path | None = None
    workers: int = 1
    precision: str = "auto"
    """Overrides recipes whose own precision is auto."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    seconds_trained: float = field(default=0.0, init=False)

    def run(self, recipe: Recipe) -> Run:
        """The finished run of ``recipe``, from the store or trained now.

        Raises DataError, DeviceError or StoreError where that is not possible.
        """
        from harness.data.sources import fingerprint
        from harness.training.backend import resolve_backend

        backend = resolve_backend(self.device, self.workers)
        wanted = recipe.precision if recipe.precision != "auto" else self.precision
        precision = backend.precision(wanted)
        key = run_key(recipe, precision, backend.kind, fingerprint(recipe.dataset))
        if (run := self.store.find(key, mend=False)) is not None:
            return run
        with self.store.lock(key, str(recipe)):
            # Another process may have trained it while this one waited.
            if (run := self.store.find(key)) is not None:
                return run
            return self._train(recipe, key, backend, precision)

    def _train(self, recipe: Recipe, key: str, backend: "Backend", precision: str) -> Run:
        from harness.training.loop import Training

        exact = replace(recipe, precision=precision)
        training = Training(exact, self._data(exact, backend, precision), backend)
        self._resume(training, key)
        saved = time.monotonic()
        while not training.over:
            training.run_epoch()
            self._report(recipe, training)
            if time.monotonic() - saved >= self.checkpoint_seconds and not training.over:
                self._save(training, key)
                saved = time.monotonic()
        outcome = training.outcome()
        run = Run(
            key=key,
            recipe=recipe,
            outcome=outcome,
            precision=precision,
            device=backend.device,
            seconds=sum(outcome.curve.seconds),
            finished=now(),
            environment={**describe(), "threads": training.backend.threads},
        )
        self.seconds_trained += run.seconds
        self.store.keep(run)
        return run

    def _data(self, recipe: Recipe, backend: "Backend", precision: str) -> "Prepared":
        from harness.training.inputs import prepared_data

        return prepared_data(recipe, self.data_root, backend.device, precision)

    def _resume(self, training: "Training", key: str) -> None:
        """Go on from the last checkpoint, if there is a sound one."""
        from harness.training.checkpoint import DamagedCheckpoint, load

        path = self.store.checkpoint(key)
        if not self.store.is_current(path):
            return
        try:
            training.restore(*load(path))
        except DamagedCheckpoint as error:
            self.store.notice(f"a checkpoint is damaged ({error}); its run starts again")
            self.store.put_aside(path)

    def _save(self, training: "Training", key: str) -> None:
        from harness.training.checkpoint import save

        save(self.store.checkpoint(key), *training.state())

    def _report(self, recipe: Recipe, training: "Training") -> None:
        curve = training.curve
        recent = curve.seconds[-5:]
        self.on_progress(
            Progress(
                recipe=recipe,
                epoch=curve.epochs,
                loss=curve.loss[-1],
                accuracy=curve.online_accuracy[-1],
                seconds_left=(recipe.epochs - curve.epochs) * sum(recent) / len(recent),
                stops_early=recipe.stop_at_zero_error,
            )
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes}:{rest:02d} min"
