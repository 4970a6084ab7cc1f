"""Which recipes a process makes as one job. Does not import torch."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from harness.runs.run import AnyRecipe
from harness.training.batching import can_be_grouped, groups_of, shape_of
from harness.training.recipe import Recipe


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


def jobs_in_order(
    tests: Sequence[Sequence[AnyRecipe]], kind: str, along: bool
) -> Iterator[list[AnyRecipe]]:
    """The jobs that a session starts with an empty store, in the order of its tests' needs.

    ``along``: whether a job includes what later tests need, as where one process runs all tests.
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
