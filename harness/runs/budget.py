"""A deadline for making runs: what would end after it, by a forecast from finished runs, is not
begun. Does not import torch.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.environment import describe
from harness.errors import HarnessError
from harness.models.registry import is_custom
from harness.runs.run import AnyRecipe, AnyRun, Run
from harness.runs.settings import Job, duration
from harness.training.outcome import Curve
from harness.training.recipe import Recipe


class Forecast:
    """Seconds that a recipe takes if all its epochs run, on the machine of the finished runs.

    ``runs`` are one machine's, oldest first; those on the newest run's device count. A network that
    has not trained on a dataset is estimated by its arithmetic, from networks that have. Another
    dataset says nothing: the time per operation depends on the size of the images.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        found = [run for run in runs if run.curve.epochs and run.seconds > 0]
        self.device = found[-1].device if found else ""
        per_unit: dict[tuple[str, str], list[float]] = {}
        for run in (run for run in found if run.device == self.device):
            cost = run.recipe.cost * run.curve.epochs / run.recipe.epochs
            pair = (run.recipe.model, run.recipe.dataset)
            per_unit.setdefault(pair, []).append(run.seconds / cost)
        self.per_unit = {pair: statistics.median(values) for pair, values in per_unit.items()}

    def seconds(self, recipe: Recipe) -> tuple[float, bool] | None:
        """Seconds, and whether this network has trained on this dataset before; None if unknown."""
        known = self.per_unit.get((recipe.model, recipe.dataset))
        if known is not None:
            return recipe.cost * known, True
        others = [unit for (_, name), unit in self.per_unit.items() if name == recipe.dataset]
        if not others or is_custom(recipe.model):
            return None  # A custom network's arithmetic is not known.
        return recipe.cost * statistics.median(others), False


MEASURED = 2
"""Epochs after which a training's own seconds say how long it takes; the first one starts up."""


class OutOfTime(HarnessError):
    """A run that was not begun, or was stopped with a checkpoint."""


@dataclass
class Budget:
    """Until ``deadline`` (as `time.time`) runs are made, on a device of ``device_kind``.

    A training's forecast is the seconds of an epoch on this machine, in ``known`` runs or in its
    own checkpoint, times the epochs that known runs of its recipe took, or else all of its epochs.
    ``others`` gives what is wanted later, ``jobs`` takes turns. A run whose forecast overruns is
    made only where nothing else would end in time: so one that is longer than any budget goes on
    from session to session.
    """

    deadline: float
    device_kind: str
    known: list[AnyRun]
    begun: Callable[[Recipe], Curve]
    """The epochs of an interrupted training."""
    others: Callable[[], Iterable[Sequence[AnyRecipe]]] = lambda: ()
    jobs: Sequence[Job] = ()
    _began_at: dict[Recipe, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = "gpu" if self.device_kind == "cuda" else "processor"
        self._here = named, describe().get(named)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.time()

    def seconds(self, recipes: Iterable[AnyRecipe]) -> float | None:
        """What these runs still need; None if one is like nothing that was measured here."""
        forecast = Forecast(
            run
            for run in self.known
            if isinstance(run, Run)
            and run.device_kind == self.device_kind
            and run.environment.get(self._here[0]) == self._here[1]
        )
        each = [self._seconds(recipe, forecast) for recipe in recipes]
        return None if None in each else sum(each)

    def require(self, recipes: Sequence[AnyRecipe]) -> None:
        """Raise OutOfTime where these runs must not be begun."""
        needed, left = self.seconds(recipes), self.left
        if left <= 0:
            raise OutOfTime(f"no time was left for {recipes[0]}")
        if needed is not None and needed > left and self._another_fits():
            raise OutOfTime(
                f"{len(recipes)} runs, the first of {recipes[0]}, need about {duration(needed)},"
                f" and {duration(left)} were left"
            )

    def may_join(self, recipes: Sequence[AnyRecipe]) -> bool:
        """Whether these runs may be begun beside the jobs that take turns now, to end in time."""
        begun = [recipe for job in self.jobs for recipe in job.recipes.values()]
        needed = self.seconds([*begun, *recipes])
        return needed is None or needed <= self.left

    def why_stop(self, unfinished: Mapping[Recipe, Curve]) -> str:
        """Why trainings that share their epochs must not begin another; empty if they may."""
        first, curve = next(iter(unfinished.items()))
        began_at = self._began_at.setdefault(first, curve.epochs)
        last = {it: each.seconds[-1] if each.epochs else 0.0 for it, each in unfinished.items()}
        stopped = f"{first} was stopped after epoch {curve.epochs}, with a checkpoint"
        # An epoch's seconds are those of its turns alone.
        if self.left <= sum(last.values()) * max(1, len(self.jobs)):
            return stopped
        needed = sum(
            seconds * self._epochs_left(it, unfinished[it].epochs) for it, seconds in last.items()
        )
        is_measured = curve.epochs - began_at >= MEASURED
        if is_measured and needed > self.left and self._another_fits():
            return f"{stopped}: it needs about {duration(needed)} more, and others need less"
        return ""

    def _another_fits(self) -> bool:
        needed = (self.seconds(recipes) for recipes in self.others() if recipes)
        return any(seconds is None or seconds <= self.left for seconds in needed)

    def _seconds(self, recipe: AnyRecipe, forecast: Forecast) -> float | None:
        if not isinstance(recipe, Recipe):
            same = (it for it in self.known if it.recipe == recipe)
            took = [it.seconds for it in same if it.device_kind == self.device_kind]
            return took[-1] if took else None
        curve = self.begun(recipe)
        if curve.epochs:
            an_epoch = sum(curve.seconds) / curve.epochs
        elif found := forecast.seconds(recipe):
            an_epoch = found[0] / recipe.epochs
        else:
            return None
        return an_epoch * self._epochs_left(recipe, curve.epochs)

    def _epochs_left(self, recipe: Recipe, done: int) -> int:
        took = [it.curve.epochs for it in self.known if it.recipe == recipe]
        expected = max(took, default=0)
        return (expected if expected > done else recipe.epochs) - done
