"""A plan as jobs: in one process, test by test, or for the machines of a cluster. Knows no Ray.

Does not import torch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from harness.errors import ClusterError
from harness.linear.recipe import SolveRecipe
from harness.runs.run import AnyRecipe
from harness.training.batching import can_be_grouped, groups_of, shape_of
from harness.training.recipe import Recipe

LARGE = 1e9
"""Bytes from which a solve waits for others that are as large: they would not fit side by side."""
WORTH_THREADS = 1e8
"""Bytes of a solve below which threads cost more than they bring."""


@dataclass(frozen=True)
class Job:
    """Recipes that one task works through, and what it takes of one machine."""

    recipes: tuple[AnyRecipe, ...]
    cpus: int = 1
    gpus: int = 0
    memory: int = 0
    """Bytes."""
    threads: int = 1
    """With which it computes on a CPU."""

    def __str__(self) -> str:
        more = f" and {len(self.recipes) - 1} more" if len(self.recipes) > 1 else ""
        return f"{self.recipes[0]}{more}"


@dataclass(frozen=True)
class Machine:
    """What one machine of the cluster has."""

    name: str
    node: str
    cpus: int
    gpus: int
    memory: float = float("inf")
    """Bytes that Ray gives to tasks."""


def of_a_shape(planned: Iterable[Recipe], wanted: Iterable[Recipe]) -> list[Recipe]:
    """Those of ``planned`` that could train in one job with any of ``wanted``."""
    shapes = {_shape(recipe) for recipe in wanted} - {None}
    return [recipe for recipe in planned if _shape(recipe) in shapes]


@cache
def _shape(recipe: Recipe) -> Recipe | None:
    """None where it trains alone."""
    return shape_of(recipe) if can_be_grouped(recipe) else None


def jobs_for(wanted: Sequence[Recipe], others: Sequence[Recipe], kind: str) -> list[list[Recipe]]:
    """The jobs on a device of ``kind`` in which ``wanted`` train; of ``others`` those go along that
    are in one with them.
    """
    groups = groups_of([*wanted, *others], kind)
    return [group for group in groups if not set(group).isdisjoint(wanted)]


def jobs_in_order(
    tests: Sequence[Sequence[AnyRecipe]], kind: str, along: bool
) -> Iterator[list[AnyRecipe]]:
    """What a session starts with an empty store, one after the other, by what its tests need.

    ``along``: whether a job takes what later tests need, as it does where one process runs them.
    """
    later = dict.fromkeys(it for test in tests for it in test if isinstance(it, Recipe) and along)
    done: set[AnyRecipe] = set()
    for test in tests:
        missing = [it for it in dict.fromkeys(test) if it not in done]
        wanted = [it for it in missing if isinstance(it, Recipe)]
        jobs: list[list[AnyRecipe]] = []
        if wanted:
            jobs += jobs_for(wanted, of_a_shape(later, wanted), kind)
        for job in [*jobs, *([it] for it in missing if not isinstance(it, Recipe))]:
            for recipe in job:
                later.pop(recipe, None)
            done.update(job)
            yield job


def jobs_of(
    recipes: Sequence[AnyRecipe], machines: Sequence[Machine], kind: str, threads: int
) -> list[Job]:
    """The recipes as jobs on devices of ``kind`` ("cpu" or "cuda"), the longest first.

    On a CPU each computes in one process with ``threads``, as where there is no cluster: on their
    number hangs how sums are rounded, and after some hundred steps what a network has learned. A
    smaller machine gives what it has. Raises ClusterError where no machine has the GPUs that a
    recipe's processes need, or the memory of a solve: Ray would wait for such a machine for ever.
    """
    groups = groups_of([it for it in recipes if isinstance(it, Recipe)], kind)
    solves = dict.fromkeys(it for it in recipes if not isinstance(it, Recipe))
    threads = max(1, min(threads, max(machine.cpus for machine in machines)))
    if kind == "cuda":
        jobs = [_on_gpus(group, machines) for group in groups]
    else:
        jobs = [Job(tuple(group), threads, threads=threads) for group in groups]
    jobs += [_of_solve(recipe, machines, kind, threads) for recipe in solves]
    return sorted(jobs, key=lambda job: -sum(recipe.cost for recipe in job.recipes))


def _on_gpus(group: Sequence[Recipe], machines: Sequence[Machine]) -> Job:
    """A GPU for each process of a recipe, and its share of the cores."""
    processes = max(recipe.processes for recipe in group)
    with_gpus = [machine for machine in machines if machine.gpus]
    most_gpus = max((machine.gpus for machine in with_gpus), default=0)
    if processes > most_gpus:
        raise ClusterError(
            f"{group[0]} takes {processes} GPUs of one machine, and no machine of the"
            f" cluster has more than {most_gpus}; add one, or set rank_batch to a larger"
            " part of batch_size"
        )
    cpus = processes * min(machine.cpus // machine.gpus for machine in with_gpus)
    return Job(tuple(group), cpus, processes, threads=max(1, cpus))


def _of_solve(recipe: SolveRecipe, machines: Sequence[Machine], kind: str, threads: int) -> Job:
    """A large one takes a machine's cores, so that no two share its memory."""
    from harness.linear.solve import memory_needed

    most_cpus = max(machine.cpus for machine in machines)
    most_memory = max(machine.memory for machine in machines)
    needed = memory_needed(recipe)
    if needed > most_memory:
        raise ClusterError(
            f"{recipe} takes {needed / 1e9:.1f} GB, and no machine of the cluster gives"
            f" more than {most_memory / 1e9:.1f} GB; add one, or deselect its tests with -k"
        )
    if kind == "cuda":
        return Job((recipe,), min(1, most_cpus), 1, needed, threads)
    small = threads if needed >= WORTH_THREADS else min(1, most_cpus)
    return Job((recipe,), most_cpus if needed >= LARGE else small, 0, needed, threads)
