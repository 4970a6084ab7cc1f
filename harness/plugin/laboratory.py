"""The ``laboratory`` fixture: finished runs for a trial, from the store or trained now."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.plugin.engine import REMOTE
from harness.plugin.options import SESSION
from harness.plugin.progress import show_progress
from harness.plugin.recorded import is_recorded, recorded_runs
from harness.plugin.trials import Trial, given, recipes_of, reseed
from harness.runs.run import Run
from harness.runs.runner import Runner
from harness.runs.store import Store, default_store
from harness.training.recipe import Recipe

RUNNER = pytest.StashKey[Runner]()
PLANNED = pytest.StashKey[list[Recipe]]()


@dataclass(frozen=True)
class Bench:
    """What a claim test sees of the runner."""

    item: pytest.Item
    runner: Runner

    def runs(self, trial: Trial) -> Mapping[str, list[Run]]:
        """The trial's finished runs by group, with this session's base seed."""
        base_seed = self.item.config.getoption("--base-seed")
        wanted = {
            group: [reseed(recipe, base_seed) for recipe in recipes]
            for group, recipes in trial.recipes.items()
        }
        every = self._runs([recipe for recipes in wanted.values() for recipe in recipes])
        given(self.item, every)
        runs = iter(every)
        return {group: [next(runs) for _ in recipes] for group, recipes in wanted.items()}

    def baseline_run(self, recipe: Recipe) -> Run:
        """The run of a baseline's recipe, with its own seed."""
        return self._runs([recipe])[0]

    @property
    def data_root(self) -> Path | None:
        """Where datasets are looked for; None for the default."""
        return self.runner.data_root

    def _runs(self, recipes: list[Recipe]) -> list[Run]:
        planned = set(recipes_of(self.item))
        if unplanned := [recipe for recipe in recipes if recipe not in planned]:
            raise HarnessError(
                f"{self.item.nodeid} trains {unplanned[0]}, which its plan does not name:"
                " put it into a Trial or a trains(...) marker"
            )
        if is_recorded(self.item.config):
            found = recorded_runs(self.item)
            return [found[recipe] for recipe in recipes]
        # With several workers, another may be about to train what this one would take along.
        alone = self.runner.workers == 1
        return self.runner.runs(recipes, planned_recipes(self.item.session) if alone else ())


def planned_recipes(session: pytest.Session) -> list[Recipe]:
    """What the tests of a session train, in their order."""
    if PLANNED not in session.stash:
        every = (recipe for item in session.items for recipe in recipes_of(item))
        session.stash[PLANNED] = list(dict.fromkeys(every))
    return session.stash[PLANNED]


@pytest.fixture
def base_seed(request: pytest.FixtureRequest) -> int:
    """The session's ``--base-seed``, for recipes that are looked at and not trained."""
    return request.config.getoption("--base-seed")


@pytest.fixture
def laboratory(request: pytest.FixtureRequest) -> Bench:
    """Finished runs for a trial: ``laboratory.runs(trial)["random labels"]``."""
    return Bench(request.node, session_runner(request.config))


def session_runner(config: pytest.Config) -> Runner:
    """The session's one runner, as its options say."""
    if RUNNER not in config.stash:
        session, option = config.stash[SESSION], config.getoption
        store = Store(
            option("--runs") or default_store(),
            fresh_since=session.started if option("--fresh") else None,
            notice=config.stash[SESSION].notify,
        )
        config.stash[RUNNER] = Runner(
            store,
            device=option("--device"),
            data_root=option("--data-root"),
            workers=session.workers,
            precision=option("--precision"),
            steps=option("--steps"),
            on_progress=lambda progress: show_progress(config, progress),
            remote=config.stash[REMOTE],
        )
    return config.stash[RUNNER]
