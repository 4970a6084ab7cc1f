"""Trainings as the runner has them made: alone or in a group, resumed from checkpoints."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.data.catalogue import dataset_spec
from harness.data.sources import fingerprint
from harness.files import write_atomically
from harness.runs.budget import OutOfTime
from harness.runs.key import run_key
from harness.runs.run import Run
from harness.runs.settings import Progress, Settings
from harness.training.backend import Backend, resolve_backend
from harness.training.checkpoint import (
    DamagedCheckpoint,
    packed,
    restore,
    state_of,
    unpacked,
)
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.learner import initial_network
from harness.training.loop import Training
from harness.training.outcome import Curve, Outcome
from harness.training.ranks import ALONE, Ranks, check_share
from harness.training.recipe import Recipe
from harness.training.repeatability import unrepeatable
from harness.training.steps import chosen_steps
from harness.training.summary import is_summed_up, summarise


class Trainer:
    """Makes runs of a `Recipe`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._noticed: set[str] = set()

    @property
    def backend(self) -> Backend:
        """The device and the threads; raises DeviceError where the device is not here."""
        settings = self.settings
        backend = resolve_backend(settings.device, settings.workers, settings.steps)
        return replace(backend, threads=settings.threads or backend.threads)

    def key(self, recipe: Recipe) -> str:
        """A run's key, with the precision that it has on this machine."""
        backend = self.backend
        precision, why = self._precision(recipe, backend)
        if why and why not in self._noticed:
            self._noticed.add(why)
            self.settings.store.notice(why)
        data = fingerprint(recipe.dataset, self.settings.data_root)
        return run_key(recipe, precision, backend.kind, data)

    def make(self, by_key: Mapping[str, Recipe], ranks: Ranks = ALONE) -> Iterator[Run | None]:
        """Train recipes of one shape together, or one alone; yield each run when it finishes.

        Also yields, with None, after each step, so that others can have their turns.

        Members that were interrupted at one epoch resume together. ``ranks`` share a single recipe.
        """
        recipes, backend = list(by_key.values()), self.backend
        backend = replace(backend, steps=chosen_steps(recipes[0], backend))
        precision, _ = self._precision(recipes[0], backend)
        exact = [replace(recipe, precision=precision) for recipe in recipes]
        if len(exact) == 1:
            preflight(exact[0], ranks)
        root, device, threads = self.settings.data_root, backend.device, backend.threads
        data = [prepared_data(it, root, device, precision, workers=threads) for it in exact]
        group = GroupTraining(exact, data, backend) if len(exact) > 1 else None
        members = group.members if group else [Training(exact[0], data[0], backend, ranks)]
        for key, training in zip(by_key, members, strict=True):
            self._resume(training, key)
        unfinished = dict(zip(by_key, members, strict=True))
        saved = time.monotonic()
        while True:
            for key in [key for key, training in unfinished.items() if training.over]:
                training = unfinished.pop(key)
                yield self._run(by_key[key], key, training, len(members), backend.steps)
            if not unfinished:
                return
            curves = {by_key[key]: training.curve for key, training in unfinished.items()}
            why_stop = self.settings.why_stop(curves)
            due = time.monotonic() - saved >= self.settings.checkpoint_seconds
            if ranks.rank == 0 and (due or why_stop):
                if group:
                    group.hand_back()
                for key, training in unfinished.items():
                    path = self.settings.store.checkpoint(key)
                    write_atomically(path, packed(state_of(training)))
                saved = time.monotonic()
            if why_stop:
                raise OutOfTime(why_stop)
            try:
                yield from (group or members[0]).epoch()
            except Exception as error:
                epochs = max(training.curve.epochs for training in members)
                error.add_note(f"in epoch {epochs + 1} of {recipes[0]}")
                raise
            self._report(recipes, members)

    def _precision(self, recipe: Recipe, backend: Backend) -> tuple[str, str]:
        """The precision of a recipe's run; where it is fp32 instead of bf16, why, in a sentence."""
        wanted = recipe.precision if recipe.precision != "auto" else self.settings.precision
        precision = backend.precision(wanted)
        if (precision, backend.kind) != ("bf16", "cpu"):
            return precision, ""
        if not (differing := unrepeatable(recipe, backend)):
            return precision, ""
        height, width = recipe.image_shape[1:]
        return "fp32", (
            f"{recipe.title} trains in fp32 on images of {height}x{width}: in bf16 two backward"
            f" passes from one state differ here in {', '.join(differing[:3])}"
            f"{' ...' * (len(differing) > 3)}, as where memory is left unwritten"
        )

    def _run(self, recipe: Recipe, key: str, training: Training, together: int, steps: str) -> Run:
        outcome, ranks = training.outcome, training.ranks
        if ranks.rank == 0 and is_summed_up(recipe) and outcome.status == "finished":
            outcome = replace(outcome, **summarise(training))
        _, why = self._precision(recipe, training.backend)
        return Run.made_here(
            key=key,
            recipe=recipe,
            outcome=outcome,
            precision=training.recipe.precision,
            device=training.backend.device,
            seconds=sum(outcome.curve.seconds),
            environment={
                "threads": training.backend.threads,
                "trained_together": together,
                "ranks": ranks.world_size,
                "steps": steps,
                **({"at_once": at_once} if (at_once := self.settings.at_once) > 1 else {}),
                **({"not in bf16": why} if why else {}),
            },
        )

    def _resume(self, training: Training, key: str) -> None:
        """Go on from the last sound checkpoint, if any; rank 0 gives it to the others."""
        store, ranks = self.settings.store, training.ranks
        path = store.checkpoint(key)
        found = ranks.rank == 0 and store.is_current(path)
        content = ranks.broadcast(_content(path) if found else b"")
        try:
            if content:
                restore(training, unpacked(content))
        except DamagedCheckpoint as error:
            # All ranks have the same bytes, and find the same.
            if ranks.rank == 0:
                store.notice(f"the checkpoint {path} is damaged ({error}); its run starts again")
                store.put_aside(path)

    def begun(self, recipe: Recipe) -> Curve:
        """The epochs of an interrupted training; none where there is no sound checkpoint."""
        try:
            content = self.settings.store.checkpoint(self.key(recipe)).read_bytes()
            return Outcome.from_dict(unpacked(content)["outcome"]).curve
        except (OSError, DamagedCheckpoint):
            return Curve()

    def _report(self, recipes: Sequence[Recipe], trainings: Sequence[Training]) -> None:
        """Report on those that have just trained an epoch."""
        epoch, epochs = max(it.curve.epochs for it in trainings), recipes[0].epochs
        curves = [it.curve for it in trainings if it.curve.epochs == epoch]
        recent, at_once = curves[0].seconds[-5:], max(1, len(self.settings.jobs))
        self.settings.on_progress(
            Progress(
                recipe=recipes[0],
                phase=f"epoch {epoch}/{epochs}",
                share=epoch / epochs,
                seconds_left=(epochs - epoch) * len(curves) * at_once * sum(recent) / len(recent),
                epoch=epoch,
                loss=sum(curve.loss[-1] for curve in curves) / len(curves),
                accuracy=sum(curve.online_accuracy[-1] for curve in curves) / len(curves),
                stops_early=recipes[0].stop_at_zero_error,
                together=len(recipes),
            )
        )


def preflight(recipe: Recipe, ranks: Ranks) -> None:
    """Refuse a recipe on photographs before all of them are decoded for the first time.

    `Training` makes the same checks, but after the first look at every photograph. Raises as it
    does: HarnessError where the images are too small, InvalidRecipe where the processes are too
    many.
    """
    if dataset_spec(recipe.dataset).is_folder:
        shape = (3, recipe.crop, recipe.crop)
        check_share(recipe, initial_network(recipe, shape, recipe.classes), ranks)


def _content(path: Path) -> bytes:
    """Of a checkpoint; what cannot be read is no checkpoint, and is put aside as a damaged one."""
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error).encode()
