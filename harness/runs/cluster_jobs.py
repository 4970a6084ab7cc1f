"""A plan as jobs for the machines of a cluster. Knows no Ray."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import ClusterError
from harness.linear.recipe import SolveRecipe
from harness.linear.solve import memory_needed
from harness.runs.run import AnyRecipe
from harness.runs.solver import LARGE, WORTH_THREADS
from harness.training.batching import groups_of
from harness.training.recipe import Recipe


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
class Node:
    """A machine of the cluster, and what it has."""

    name: str
    id: str
    cpus: int
    gpus: int
    memory: float = float("inf")
    """Bytes that Ray gives to tasks."""


def jobs_of(
    recipes: Sequence[AnyRecipe], nodes: Sequence[Node], kind: str, threads: int
) -> list[Job]:
    """The recipes as jobs on devices of ``kind`` ("cpu" or "cuda"), the longest first.

    On a CPU each job computes in one process with ``threads``, as without a cluster: sums are
    rounded by their number, and after some hundred steps a network differs. A smaller machine gives
    what it has. Raises ClusterError where no machine has the GPUs that a recipe's processes need,
    or the memory of a solve: Ray would wait for such a machine for ever.
    """
    groups = groups_of([it for it in recipes if isinstance(it, Recipe)], kind)
    solves = dict.fromkeys(it for it in recipes if not isinstance(it, Recipe))
    threads = max(1, min(threads, max(node.cpus for node in nodes)))
    if kind == "cuda":
        jobs = [_on_gpus(group, nodes) for group in groups]
    else:
        jobs = [Job(tuple(group), threads, threads=threads) for group in groups]
    jobs += [_of_solve(recipe, nodes, kind, threads) for recipe in solves]
    return sorted(jobs, key=lambda job: -sum(recipe.cost for recipe in job.recipes))


def _on_gpus(group: Sequence[Recipe], nodes: Sequence[Node]) -> Job:
    """A GPU for each process of a recipe, and its share of the cores."""
    processes = max(recipe.processes for recipe in group)
    with_gpus = [node for node in nodes if node.gpus]
    most_gpus = max((node.gpus for node in with_gpus), default=0)
    if processes > most_gpus:
        raise ClusterError(
            f"{group[0]} takes {processes} GPUs of one machine, and no machine of the cluster has"
            f" more than {most_gpus}; add one, or set rank_batch to a larger part of batch_size"
        )
    cpus = processes * min(node.cpus // node.gpus for node in with_gpus)
    return Job(tuple(group), cpus, processes, threads=max(1, cpus))


def _of_solve(recipe: SolveRecipe, nodes: Sequence[Node], kind: str, threads: int) -> Job:
    """A large solve takes all cores of a machine, so that no two share its memory."""
    most_cpus = max(node.cpus for node in nodes)
    most_memory = max(node.memory for node in nodes)
    needed = memory_needed(recipe)
    if needed > most_memory:
        raise ClusterError(
            f"{recipe} takes {needed / 1e9:.1f} GB, and no machine of the cluster gives more than"
            f" {most_memory / 1e9:.1f} GB; add one, or deselect its tests with -k"
        )
    if kind == "cuda":
        return Job((recipe,), min(1, most_cpus), 1, needed, threads)
    small = threads if needed >= WORTH_THREADS else min(1, most_cpus)
    return Job((recipe,), most_cpus if needed >= LARGE else small, 0, needed, threads)
