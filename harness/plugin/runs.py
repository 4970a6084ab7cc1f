"""The ``runs`` fixture: what a test needs, trained and solved, from the store or made now.

>>> runs["random labels"]          # the finished runs of a group, in the recipes' order
>>> runs.all                       # of all groups
>>> runs.recipes["random labels"]  # the recipes themselves, which trains nothing
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from harness.plugin.budget import made_in_time, stop_solve
from harness.plugin.engine import REMOTE
from harness.plugin.experiments import (
    Experiment,
    below_papers_size,
    groups_of,
    needed_after,
    work_of,
)
from harness.plugin.options import SESSION
from harness.plugin.progress import show_progress
from harness.plugin.recorded import is_recorded, recorded_runs
from harness.runs.run import AnyRecipe, AnyRun
from harness.runs.runner import Runner
from harness.runs.settings import Progress
from harness.runs.store import Store
from harness.training.recipe import Recipe

RUNNER = pytest.StashKey[Runner]()
FINISHED = pytest.StashKey[dict[str, Any]]()
"""Of a test: the recipes of the runs and solves that it was given, by their keys."""
PLANNED = pytest.StashKey[list[Recipe]]()


@dataclass(frozen=True, eq=False)
class Runs(Mapping[str, list[Any]]):
    """A test's finished runs and solves by group; nothing is made before they are asked for."""

    item: pytest.Item
    label: str
    """Of the experiment, as it stands in the test's id; empty for a test that is no series."""

    def __getitem__(self, group: str) -> list[Any]:
        return self._finished[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self.recipes)

    def __len__(self) -> int:
        return len(self.recipes)

    @property
    def all(self) -> list[Any]:
        """Of all groups, in their order."""
        return [run for runs in self.values() for run in runs]

    @property
    def recipes(self) -> Mapping[str, list[Any]]:
        """What is trained or solved, by group, with this session's seeds."""
        return groups_of(self.item)

    @property
    def at_papers_size(self) -> bool:
        """Whether nothing is smaller than the paper's, as `judge.scale` has it."""
        return not below_papers_size(work_of(self.item))

    @cached_property
    def _finished(self) -> dict[str, list[Any]]:
        wanted = work_of(self.item)
        recorded = is_recorded(self.item.config)
        found = recorded_runs(self.item) if recorded else self._made(wanted)
        self.item.stash[FINISHED] = {run.key: run.recipe for run in found.values()}
        return {group: [found[it] for it in recipes] for group, recipes in self.recipes.items()}

    def _made(self, wanted: list[AnyRecipe]) -> dict[AnyRecipe, AnyRun]:
        runner = session_runner(self.item.config)
        if self.item.config.getoption("--budget") is not None:
            return made_in_time(self.item, runner, wanted)
        if runner.workers > 1:  # Another may be about to train what this one would take along.
            return dict(zip(wanted, runner.runs(wanted), strict=True))
        planned, later = planned_trainings(self.item.session), needed_after(self.item)
        return dict(zip(wanted, runner.runs(wanted, planned, later), strict=True))


def planned_trainings(session: pytest.Session) -> list[Recipe]:
    """What the tests of a session train, in their order."""
    if PLANNED not in session.stash:
        every = (it for item in session.items for it in work_of(item) if isinstance(it, Recipe))
        session.stash[PLANNED] = list(dict.fromkeys(every))
    return session.stash[PLANNED]


def session_runner(config: pytest.Config) -> Runner:
    """The session's one runner, as its options say."""
    if RUNNER not in config.stash:
        session, option = config.stash[SESSION], config.getoption

        def report(progress: Progress) -> None:
            show_progress(config, progress)
            stop_solve(config, progress)

        store = Store(
            option("--runs"),
            fresh_since=session.started if option("--fresh") else None,
            notice=session.notify,
        )
        config.stash[RUNNER] = Runner(
            store,
            device=option("--device"),
            data_root=option("--data-root"),
            workers=session.workers,
            precision=option("--precision"),
            steps=option("--steps"),
            at_once=option("--at-once"),
            on_progress=report,
            remote=config.stash[REMOTE],
        )
    return config.stash[RUNNER]


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> Runs:
    """What the test needs, finished: ``runs["random labels"]``, ``runs.all``."""
    experiment = getattr(request, "param", None)
    label = experiment.label if isinstance(experiment, Experiment) else ""
    return Runs(request.node, label)


@pytest.fixture
def data_root(request: pytest.FixtureRequest) -> Path | None:
    """Where datasets are looked for; None for the default."""
    return request.config.getoption("--data-root")
