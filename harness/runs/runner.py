"""From a recipe to its finished run: from the store, or made now, once.

PyTorch takes seconds to load. So the modules that train and solve are imported with the first
recipe that is asked for, and not with this module, which every collection of tests imports.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, overload

from filelock import Timeout

from harness.errors import StoreError
from harness.linear.recipe import SolveRecipe
from harness.runs.run import AnyRecipe, AnyRun, Run, Solve
from harness.runs.settings import Job, Settings
from harness.training.batching import can_be_grouped, groups_of, shape_of
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.runs.solver import Solver
    from harness.runs.trainer import Trainer
    from harness.training.ranks import Ranks


def of_a_shape(planned: Iterable[Recipe], wanted: Iterable[Recipe]) -> list[Recipe]:
    """Those of ``planned`` that could train in one job with any of ``wanted``."""
    shapes = {_shape(recipe) for recipe in wanted} - {None}
    return [recipe for recipe in planned if _shape(recipe) in shapes]


@cache
def _shape(recipe: Recipe) -> Recipe | None:
    """None where it trains alone."""
    return shape_of(recipe) if can_be_grouped(recipe) else None


def jobs_for(wanted: Sequence[Recipe], others: Sequence[Recipe], kind: str) -> list[list[Recipe]]:
    """The jobs on a device of ``kind`` that train ``wanted``, and those of ``others`` in them."""
    groups = groups_of([*wanted, *others], kind)
    return [group for group in groups if not set(group).isdisjoint(wanted)]


@dataclass
class Runner(Settings):
    """Turns recipes into finished runs: trainings (`Recipe`) and solves (`SolveRecipe`) alike."""

    remote: Mapping[AnyRecipe, str] = field(default_factory=dict)
    """Keys in the store of what other machines have made, perhaps on devices that are not here."""
    _given_up: set[str] = field(default_factory=set)
    """Keys of what failed or was stopped as it was made for later: not begun again before that."""

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
        return self.runs([recipe])[0]

    def runs(
        self,
        recipes: Sequence[Any],
        planned: Sequence[Recipe] = (),
        later: Iterable[Sequence[AnyRecipe]] = (),
    ) -> list[Any]:
        """The finished runs, in order; missing trainings of one shape train as one job.

        ``planned`` are trainings that will be asked for later: those of the same shape as a missing
        one join its job. With ``at_once`` above 1, trainings of ``later``, in its order, take turns
        with those of ``recipes``; an error in them is raised once they are asked for. Raises as
        `run` does, and StoreError where two recipes have one run.
        """
        found = {recipe: run for recipe in recipes if (run := self._found(recipe)) is not None}
        left = [recipe for recipe in recipes if recipe not in found]
        made = self._make(left, planned, later) if left else {}
        found |= {recipe: made[self.key(recipe)] for recipe in left}
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
                for _ in self.trainer.make({key: recipe}, ranks):
                    pass
                found = ranks.broadcast(b"")
            return Run.from_json(found)
        with self.store.lock(key, str(recipe)):
            run = self.store.find(key)
            ranks.broadcast(run.to_json() if run else b"")
            if run is None:
                (run,) = filter(None, self.trainer.make({key: recipe}, ranks))
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
        return {recipe: self.key(recipe) for recipe in recipes if self._found(recipe) is None}

    def _found(self, recipe: AnyRecipe) -> AnyRun | None:
        """The run that another machine has made in this session, or that the store has."""
        if (key := self.remote.get(recipe)) and (run := self.store.find(key, repair=False)):
            return run
        return self.store.find(self.key(recipe), repair=False)

    # --- jobs in turns ---------------------------------------------------------------------------

    def stop(self) -> None:
        """Have what was begun for later stop after its epoch, with a checkpoint."""
        ask, self.why_stop = self.why_stop, lambda unfinished: "stopped"
        try:
            for job in list(self.jobs):
                while job in self.jobs:
                    self._turn(job, wanted=False)
        finally:
            self.why_stop = ask

    def _jobs_for(
        self, left: Sequence[AnyRecipe], planned: Sequence[Recipe] = ()
    ) -> list[dict[str, AnyRecipe]]:
        """What is left to make and not in the making, as jobs: recipes by their keys."""
        begun = {recipe for job in self.jobs for recipe in job.recipes.values()}
        left = [recipe for recipe in left if recipe not in begun]
        trainings = [recipe for recipe in left if isinstance(recipe, Recipe)]
        groups: list[Sequence[AnyRecipe]] = []
        if trainings:
            others = [it for it in self.missing(of_a_shape(planned, trainings)) if it not in begun]
            groups += jobs_for(trainings, others, self.trainer.backend.kind)
        groups += [[recipe] for recipe in left if not isinstance(recipe, Recipe)]
        return [{self.key(recipe): recipe for recipe in group} for group in groups]

    def _make(
        self,
        left: Sequence[AnyRecipe],
        planned: Sequence[Recipe],
        later: Iterable[Sequence[AnyRecipe]],
    ) -> dict[str, AnyRun]:
        """The runs of what is left, by key; ``at_once`` jobs take turns, those for later too."""
        made: dict[str, AnyRun] = {}
        wanted = self._jobs_for(left, planned)
        unmade = {key for job in wanted for key in job} | {self.key(recipe) for recipe in left}
        queue, held_by_others = deque(wanted), deque[dict[str, AnyRecipe]]()
        for_later = self._for_later(unmade.copy(), later)
        while unmade:
            while len(self.jobs) < self.at_once:
                if queue:
                    recipes = queue.popleft()
                    if not self._begin(recipes, wait=False):
                        held_by_others.append(recipes)
                elif held_by_others and not self.jobs:
                    # With a job begun, two processes might wait for each other.
                    self._begin(held_by_others.popleft(), wait=True)
                elif recipes := next(for_later, None):
                    self._begin(recipes, wait=False)
                else:
                    break
            if not self.jobs:
                raise StoreError(
                    f"the run {min(unmade)} was finished and is gone from {self.store.folder};"
                    " give the same command again"
                )
            for job in list(self.jobs):
                if run := self._turn(job, wanted=not unmade.isdisjoint(job.recipes)):
                    made[run.key] = run
                    unmade.discard(run.key)
        return made

    def _for_later(
        self, wanted: set[str], later: Iterable[Sequence[AnyRecipe]]
    ) -> Iterator[dict[str, AnyRecipe]]:
        """Trainings for later, as jobs, if there is more than one place."""
        for recipes in later if self.at_once > 1 else ():
            trainings = [it for it in recipes if isinstance(it, Recipe)]
            left = [it for it, key in self.missing(trainings).items() if key not in wanted]
            for job in self._jobs_for(left):
                if self._given_up.isdisjoint(job):
                    yield job

    def _begin(self, recipes: dict[str, AnyRecipe], wait: bool) -> bool:
        """Begin a job; False where another process holds one of its runs."""
        job = Job(recipes, self._turns(recipes, wait))
        try:
            next(job.turns)
        except Timeout:
            return False
        self.jobs.append(job)
        return True

    def _turn(self, job: Job, wanted: bool) -> AnyRun | None:
        """A turn of a job, and the run that was finished in it, if one was.

        An error in a job that nobody has asked for yet ends that job alone.
        """
        try:
            run = next(job.turns, None)
            if run is not None:
                job.made.add(run.key)
                if len(job.made) == len(job.recipes):
                    next(job.turns, None)  # It lets go of its locks.
                    self.jobs.remove(job)
            return run
        except BaseException as error:
            self.jobs.remove(job)
            if not isinstance(error, Exception):
                raise
            if wanted:
                self.stop()
                raise
            self._given_up |= job.recipes.keys()
            return None

    def _turns(self, by_key: dict[str, AnyRecipe], wait: bool) -> Iterator[AnyRun | None]:
        """Once begun: the runs, as they are finished; what another process has made is not made.

        Raises filelock.Timeout where a run is held by another process and this one is not to wait.
        """
        with ExitStack() as locks:
            # In one order in all processes, so that no two wait for each other.
            for key in sorted(by_key):
                locks.enter_context(self.store.lock(key, str(by_key[key]), wait))
            yield None
            found = {key: run for key in by_key if (run := self.store.find(key)) is not None}
            yield from found.values()
            if left := {key: it for key, it in by_key.items() if key not in found}:
                for run in self._maker(next(iter(left.values()))).make(left):
                    if run is not None:
                        self.store.keep(run)
                    yield run
