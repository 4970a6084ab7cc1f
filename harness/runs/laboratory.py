"""From a recipe to a finished run: from the store, or by training it now, once."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from harness.environment import commit, describe, now
from harness.errors import StoreError
from harness.runs.beforehand import refuse_beforehand
from harness.runs.jobs import jobs_for, of_a_shape
from harness.runs.key import run_key
from harness.runs.run import Run
from harness.runs.store import Store
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.data.prepare import TrainingData
    from harness.training.backend import Backend
    from harness.training.loop import Training
    from harness.training.ranks import Ranks

CHECKPOINT_SECONDS = 30.0


@dataclass(frozen=True)
class Progress:
    """What trains now, after an epoch; of a group, its first member and the mean loss."""

    recipe: Recipe
    epoch: int
    loss: float
    accuracy: float
    """Online training accuracy, a share."""
    seconds_left: float
    """If all epochs are run; less where the recipe stops at zero error."""
    stops_early: bool
    together: int = 1
    """How many train as one job."""

    def __str__(self) -> str:
        among = f" and {self.together - 1} more" if self.together > 1 else ""
        left = f"{'at most ' if self.stops_early else ''}{duration(self.seconds_left)} left"
        return (
            f"{self.recipe}{among}: epoch {self.epoch}/{self.recipe.epochs},"
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
    threads: int | None = None
    """CPU threads, where they are not this process's share of the cores: rounding hangs on them."""
    precision: str = "auto"
    """Overrides recipes whose own precision is auto."""
    steps: str = "eager"
    """How a training that is alone takes its steps: "eager", "compiled", or "graph" on a GPU."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    elsewhere: Mapping[Recipe, str] = field(default_factory=dict)
    """Keys in the store of what other machines have trained, perhaps on devices not here."""
    seconds_trained: float = field(default=0.0, init=False)
    _said: set[str] = field(default_factory=set, init=False)

    def run(self, recipe: Recipe) -> Run:
        """The finished run of ``recipe``, from the store or trained now.

        Raises DataError, DeviceError or StoreError where that is not possible.
        """
        if (run := self._found_elsewhere(recipe)) is not None:
            return run
        backend, precision, key = self._plan(recipe)
        if (run := self.store.find(key, mend=False)) is not None:
            return run
        with self.store.lock(key, str(recipe)):
            # Another process may have trained it while this one waited.
            if (run := self.store.find(key)) is not None:
                return run
            return self._train(recipe, key, backend, precision)

    def run_with(self, ranks: "Ranks", recipe: Recipe) -> Run:
        """The finished run of ``recipe``, trained by all of these processes, each of which calls.

        Rank 0 alone reads and writes the store. Raises as `run` does, and InvalidRecipe for a
        recipe that so many cannot share.
        """
        if ranks.rank > 0:
            backend, precision, key = self._plan(recipe)
            found = ranks.broadcast(b"")
            if not found:
                self._train(recipe, key, backend, precision, ranks)
                found = ranks.broadcast(b"")
            return Run.from_json(found)
        backend, precision, key = self._plan(recipe)
        with self.store.lock(key, str(recipe)):
            run = self.store.find(key)
            ranks.broadcast(run.to_json() if run else b"")
            if run is None:
                run = self._train(recipe, key, backend, precision, ranks)
                ranks.broadcast(run.to_json())
            return run

    def runs(self, recipes: Sequence[Recipe], planned: Sequence[Recipe] = ()) -> list[Run]:
        """The finished runs, in order; what is missing and of one shape trains as one job.

        Of ``planned``, which will be asked for later, those join that are of a shape with what is
        missing now. Raises as `run` does, and StoreError where two recipes have one run.
        """
        if missing := self._missing(recipes):
            others = self._missing(of_a_shape(planned, missing))
            backend, *_ = self._plan(next(iter(missing)))
            for group in jobs_for(list(missing), list(others), backend.kind):
                if len(group) > 1:
                    keys = others | missing
                    self._train_missing({keys[recipe]: recipe for recipe in group})
        found = {recipe: self.run(recipe) for recipe in recipes}
        if len({run.key for run in found.values()}) < len(found):
            told = ", ".join(f"{run.key} for {recipe}" for recipe, run in found.items())
            raise StoreError(
                f"one run stands for two recipes, and would count twice ({told}): mend"
                " harness/runs/key.py, or ask for one of them"
            )
        return [found[recipe] for recipe in recipes]

    def _missing(self, recipes: Sequence[Recipe]) -> dict[Recipe, str]:
        """Those that the store does not have, with their keys."""
        left = [recipe for recipe in recipes if self._found_elsewhere(recipe) is None]
        keys = {recipe: self._plan(recipe)[2] for recipe in left}
        return {it: key for it, key in keys.items() if self.store.find(key, mend=False) is None}

    def _found_elsewhere(self, recipe: Recipe) -> Run | None:
        """The run that another machine has trained in this session, if there is one."""
        key = self.elsewhere.get(recipe)
        return self.store.find(key, mend=False) if key else None

    def _plan(self, recipe: Recipe) -> tuple["Backend", str, str]:
        """Where, in which precision and under which key a recipe's run is found."""
        from harness.data.sources import fingerprint
        from harness.training.backend import resolve_backend

        backend = resolve_backend(self.device, self.workers, self.steps)
        if self.threads:
            backend = replace(backend, threads=self.threads)
        precision, why = self._precision(recipe, backend)
        if why and why not in self._said:
            self._said.add(why)
            self.store.notice(why)
        key = run_key(recipe, precision, backend.kind, fingerprint(recipe.dataset, self.data_root))
        return backend, precision, key

    def _precision(self, recipe: Recipe, backend: "Backend") -> tuple[str, str]:
        """The precision of a recipe's run; where it is fp32 instead of bf16, why, in a sentence."""
        wanted = recipe.precision if recipe.precision != "auto" else self.precision
        precision = backend.precision(wanted)
        if precision == "bf16" and backend.kind == "cpu":
            from harness.training.examination import unrepeatable

            if differing := unrepeatable(recipe, backend):
                height, width = recipe.image_shape[1:]
                return "fp32", (
                    f"{recipe.title} trains in fp32 on images of {height}x{width}: in bf16 two"
                    f" backward passes from one state differ here in {', '.join(differing[:3])}"
                    f"{' ...' * (len(differing) > 3)}, as where memory is left unwritten"
                )
        return precision, ""

    def _train_missing(self, by_key: dict[str, Recipe]) -> None:
        """Train together what no other process has trained meanwhile."""
        with ExitStack() as locks:
            # In one order in all processes, so that no two wait for each other.
            for key in sorted(by_key):
                locks.enter_context(self.store.lock(key, str(by_key[key])))
            left = {key: it for key, it in by_key.items() if self.store.find(key) is None}
            if left:
                self._train_group(left)

    def _train_group(self, by_key: dict[str, Recipe]) -> None:
        """Train and keep runs of one shape; those interrupted at one epoch go on together."""
        from harness.training.group import GroupTraining

        backend, precision, _ = self._plan(next(iter(by_key.values())))
        exact = [replace(recipe, precision=precision) for recipe in by_key.values()]
        data = [self._data(recipe, backend, precision) for recipe in exact]
        group = GroupTraining(exact, data, backend)
        keys = list(by_key)
        for key, training in zip(keys, group.members, strict=True):
            self._resume(training, key)
        saved = time.monotonic()
        unfinished = dict(zip(keys, group.members, strict=True))
        while True:
            for key in [key for key, training in unfinished.items() if training.over]:
                self._keep(by_key[key], key, unfinished.pop(key), together=len(keys))
            if not unfinished:
                break
            if time.monotonic() - saved >= self.checkpoint_seconds:
                group.hand_back()
                for key, training in unfinished.items():
                    self._save(training, key)
                saved = time.monotonic()
            group.run_epoch()
            self._report(list(by_key.values()), group.members)

    def _train(
        self,
        recipe: Recipe,
        key: str,
        backend: "Backend",
        precision: str,
        ranks: "Ranks | None" = None,
    ) -> Run:
        from harness.training.loop import Training
        from harness.training.ranks import ALONE

        ranks = ranks or ALONE
        exact = replace(recipe, precision=precision)
        refuse_beforehand(exact, ranks)
        training = Training(exact, self._data(exact, backend, precision), backend, ranks)
        self._resume(training, key, ranks)
        saved = time.monotonic()
        while not training.over:
            try:
                training.run_epoch()
            except Exception as error:
                error.add_note(f"in epoch {training.curve.epochs + 1} of {recipe}")
                raise
            self._report([recipe], [training])
            if ranks.rank:
                continue
            if time.monotonic() - saved >= self.checkpoint_seconds and not training.over:
                self._save(training, key)
                saved = time.monotonic()
        return self._keep(recipe, key, training)

    def _keep(self, recipe: Recipe, key: str, training: "Training", together: int = 1) -> Run:
        from harness.training.summary import is_summed_up, summarise

        outcome = training.outcome()
        if training.ranks.rank == 0 and is_summed_up(recipe) and outcome.status == "finished":
            outcome = replace(outcome, **summarise(training))
        _, why = self._precision(recipe, training.backend)
        run = Run(
            key=key,
            recipe=recipe,
            outcome=outcome,
            precision=training.recipe.precision,
            device=training.backend.device,
            seconds=sum(outcome.curve.seconds),
            finished=now(),
            environment={
                **describe(),
                **commit(),
                "threads": training.backend.threads,
                "trained_together": together,
                "ranks": training.ranks.world_size,
                "steps": "eager" if together > 1 else self.steps,
                **({"not in bf16": why} if why else {}),
            },
        )
        self.seconds_trained += run.seconds
        if training.ranks.rank == 0:
            self.store.keep(run)
        return run

    def _data(self, recipe: Recipe, backend: "Backend", precision: str) -> "TrainingData":
        from harness.training.inputs import prepared_data

        return prepared_data(
            recipe, self.data_root, backend.device, precision, workers=backend.threads
        )

    def _resume(self, training: "Training", key: str, ranks: "Ranks | None" = None) -> None:
        """Go on from the last checkpoint, if there is a sound one; rank 0 hands it round."""
        from harness.training.checkpoint import DamagedCheckpoint, load
        from harness.training.ranks import ALONE
        from harness.training.state import restore

        ranks, path = ranks or ALONE, self.store.checkpoint(key)
        found = ranks.rank == 0 and self.store.is_current(path)
        if ranks.world_size == 1 and not found:
            return
        try:
            if ranks.world_size == 1:
                restore(training, *load(path))
            elif content := ranks.broadcast(path.read_bytes() if found else b""):
                with NamedTemporaryFile(suffix=path.suffix) as file:
                    Path(file.name).write_bytes(content)
                    restore(training, *load(Path(file.name)))
        except DamagedCheckpoint as error:
            # All ranks have the same bytes, and find the same.
            if ranks.rank == 0:
                self.store.notice(f"a checkpoint is damaged ({error}); its run starts again")
                self.store.put_aside(path)

    def _save(self, training: "Training", key: str) -> None:
        from harness.training.checkpoint import save
        from harness.training.state import state_of

        save(self.store.checkpoint(key), *state_of(training))

    def _report(self, recipes: Sequence[Recipe], trainings: Sequence["Training"]) -> None:
        """Tell of those that have just trained an epoch."""
        epoch = max(training.curve.epochs for training in trainings)
        curves = [it.curve for it in trainings if it.curve.epochs == epoch]
        recent = curves[0].seconds[-5:]
        left = (recipes[0].epochs - epoch) * len(curves) * sum(recent) / len(recent)
        self.on_progress(
            Progress(
                recipe=recipes[0],
                epoch=epoch,
                loss=sum(curve.loss[-1] for curve in curves) / len(curves),
                accuracy=sum(curve.online_accuracy[-1] for curve in curves) / len(curves),
                seconds_left=left,
                stops_early=recipes[0].stop_at_zero_error,
                together=len(recipes),
            )
        )


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes}:{rest:02d} min"
