"""The ``solver`` fixture: finished solves of linear models, from the store or solved now.

>>> @pytest.mark.solves(RAW)
... def test_...(solver, judge):
...     solve = solver.solve(RAW)
"""

from dataclasses import dataclass

import pytest

from harness.errors import HarnessError
from harness.linear.recipe import SolveRecipe
from harness.plugin.laboratory import session_runner
from harness.plugin.recorded import is_recorded, recorded_runs
from harness.plugin.trials import given, reseed, solves_of
from harness.runs.run import Solve
from harness.runs.runner import Runner


@dataclass(frozen=True)
class Desk:
    """What a claim test sees of the solver."""

    item: pytest.Item
    runner: Runner

    def solve(self, recipe: SolveRecipe) -> Solve:
        """The finished solve of a recipe of a ``solves`` marker, with the session's seed."""
        seeded = reseed(recipe, self.item.config.getoption("--base-seed"))
        if seeded not in solves_of(self.item):
            raise HarnessError(
                f"{self.item.nodeid} solves {recipe}, which its plan does not name:"
                " put it into a solves(...) marker"
            )
        recorded = is_recorded(self.item.config)
        solve = recorded_runs(self.item)[seeded] if recorded else self.runner.run(seeded)
        given(self.item, [solve])
        return solve


@pytest.fixture
def solver(request: pytest.FixtureRequest) -> Desk:
    """Finished solves: ``solver.solve(recipe)``."""
    return Desk(request.node, session_runner(request.config))
