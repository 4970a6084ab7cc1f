"""The ``solver`` fixture: finished solves of linear models, from the store or solved now.

>>> @pytest.mark.solves(RAW)
... def test_...(solver, judge):
...     solve = solver.solve(RAW)
"""

from dataclasses import dataclass

import pytest

from harness.errors import HarnessError
from harness.linear.recipe import SolveRecipe
from harness.plugin.engine import ELSEWHERE
from harness.plugin.options import SESSION
from harness.plugin.progress import show_progress
from harness.plugin.recorded import is_recorded, recorded_runs
from harness.plugin.trials import given, reseed, solves_of
from harness.runs.solve import Solve
from harness.runs.solver import Solver
from harness.runs.store import Store, default_store

SOLVER = pytest.StashKey[Solver]()


@dataclass(frozen=True)
class Desk:
    """What a claim test sees of the solver."""

    item: pytest.Item
    solver: Solver

    def solve(self, recipe: SolveRecipe) -> Solve:
        """The finished solve of a recipe of a ``solves`` marker, with the session's seed."""
        seeded = reseed(recipe, self.item.config.getoption("--base-seed"))
        if seeded not in solves_of(self.item):
            raise HarnessError(
                f"{self.item.nodeid} solves {recipe}, which its plan does not name:"
                " put it into a solves(...) marker"
            )
        recorded = is_recorded(self.item.config)
        solve = recorded_runs(self.item)[seeded] if recorded else self.solver.solve(seeded)
        given(self.item, [solve])
        return solve


@pytest.fixture
def solver(request: pytest.FixtureRequest) -> Desk:
    """Finished solves: ``solver.solve(recipe)``."""
    config = request.config
    if SOLVER not in config.stash:
        session, option = config.stash[SESSION], config.getoption
        store = Store(
            option("--runs") or default_store(),
            fresh_since=session.started if option("--fresh") else None,
            notice=config.stash[SESSION].notify,
            record=Solve,
        )
        config.stash[SOLVER] = Solver(
            store,
            device=option("--device"),
            data_root=option("--data-root"),
            workers=session.workers,
            on_progress=lambda progress: show_progress(config, progress),
            elsewhere=config.stash[ELSEWHERE],
        )
    return Desk(request.node, config.stash[SOLVER])
