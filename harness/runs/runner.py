"""From a recipe to its finished run: from the store, or made now, once.

PyTorch takes seconds to load. So the modules that train and solve are imported with the first
recipe that is asked for, and not with this module, which every collection of tests imports.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from harness.errors import StoreError
from harness.linear.recipe import SolveRecipe
from harness.runs.jobs import jobs_for, of_a_shape
from harness.runs.run import AnyRecipe, AnyRun, Run, Solve
from harness.runs.settings import Settings
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.runs.solver import Solver
    from harness.runs.trainer import Trainer
    from harness.training.ranks import Ranks


@dataclass
class Runner(Settings):
    """Turns recipes into finished runs: trainings (`Recipe`) and solves (`SolveRecipe`) alike."""

    remote: Mapping[AnyRecipe, str] = field(default_factory=dict)
    """Keys in the store of what other machines have made, perhaps on devices that are not here."""

    @cached_property
    def trainer(self) -> "Trainer":
        """Makes runs of a `Recipe`."""
        from harness.runs.trainer import Trainer

        return Trainer(self)

    @cached_property
    def solver(self) -> "Solver":
        """Makes runs of a `SolveRecipe`."""
        from harness.runs.solver import Solver

        return Solver(self)

    @overload
    def run(self, recipe: Recipe) -> Run: ...
    @overload
    def run(self, recipe: SolveRecipe) -> Solve: ...
    def run(self, recipe: Any) -> Any:
        """The finished run of ``recipe``, from the store or made now.

        Raises DataError, DeviceError or StoreError where that is not possible, and what
        `harness.linear.machine.fit` raises. An interrupted training leaves a checkpoint, from
        which it resumes.
        """
        if (found := self._remote_run(recipe)) is not None:
            return found
        key = self.key(recipe)
        if (found := self.store.find(key, repair=False)) is not None:
            return found
        return self._make_missing({key: recipe})[key]

    @overload
    def runs(self, recipes: Sequence[Recipe], planned: Sequence[Recipe] = ()) -> list[Run]: ...
    @overload
    def runs(
        self, recipes: Sequence[AnyRecipe], planned: Sequence[Recipe] = ()
    ) -> list[AnyRun]: ...
    def runs(self, recipes: Sequence[Any], planned: Sequence[Recipe] = ()) -> list[Any]:
        """The finished runs, in order; missing trainings of one shape train as one job.

        ``planned`` are trainings that will be asked for later: those of the same shape as a missing
        one join its job. Raises as `run` does, and StoreError where two recipes have one run.
        """
        trainings = [recipe for recipe in recipes if isinstance(recipe, Recipe)]
        if missing := self.missing(trainings):
            others = self.missing(of_a_shape(planned, missing))
            keys = others | missing
            for group in jobs_for(list(missing), list(others), self.trainer.backend.kind):
                if len(group) > 1:
                    self._make_missing({keys[recipe]: recipe for recipe in group})
        found = {recipe: self.run(recipe) for recipe in recipes}
        if len({run.key for run in found.values()}) < len(found):
            keys = ", ".join(f"{run.key} for {recipe}" for recipe, run in found.items())
            raise StoreError(
                f"one run stands for two recipes, and would count twice ({keys}): repair"
                " harness/runs/key.py, or ask for one of them"
            )
        return [found[recipe] for recipe in recipes]

    def run_with(self, ranks: "Ranks", recipe: Recipe) -> Run:
        """The finished training of ``recipe``, by all of these processes, each of which calls this.

        Rank 0 alone reads and writes the store. Raises as `run` does, and InvalidRecipe for a
        recipe that so many cannot share.
        """
        key = self.key(recipe)
        if ranks.rank > 0:
            found = ranks.broadcast(b"")
            if not found:
                list(self.trainer.make({key: recipe}, ranks))
                found = ranks.broadcast(b"")
            return Run.from_json(found)
        with self.store.lock(key, str(recipe)):
            run = self.store.find(key)
            ranks.broadcast(run.to_json() if run else b"")
            if run is None:
                (run,) = self.trainer.make({key: recipe}, ranks)
                self.store.keep(run)
                ranks.broadcast(run.to_json())
            return run

    def key(self, recipe: AnyRecipe) -> str:
        """Under which the store has the run that this machine makes of a recipe."""
        return self._maker(recipe).key(recipe)

    def _maker(self, recipe: AnyRecipe) -> "Trainer | Solver":
        return self.trainer if isinstance(recipe, Recipe) else self.solver

    def missing(self, recipes: Sequence[AnyRecipe]) -> dict[AnyRecipe, str]:
        """Those that the store does not have, with their keys."""
        left = [recipe for recipe in recipes if self._remote_run(recipe) is None]
        keys = {recipe: self.key(recipe) for recipe in left}
        return {it: key for it, key in keys.items() if self.store.find(key, repair=False) is None}

    def _remote_run(self, recipe: AnyRecipe) -> AnyRun | None:
        """The run that another machine has made in this session, if there is one."""
        key = self.remote.get(recipe)
        return self.store.find(key, repair=False) if key else None

    def _make_missing(self, by_key: Mapping[str, AnyRecipe]) -> dict[str, AnyRun]:
        """The runs by key; what no other process has made meanwhile is made now, as one job."""
        with ExitStack() as locks:
            # In one order in all processes, so that no two wait for each other.
            for key in sorted(by_key):
                locks.enter_context(self.store.lock(key, str(by_key[key])))
            found = {key: run for key in by_key if (run := self.store.find(key)) is not None}
            if left := {key: it for key, it in by_key.items() if key not in found}:
                for run in self._maker(next(iter(left.values()))).make(left):
                    self.store.keep(run)
                    found[run.key] = run
            return found
