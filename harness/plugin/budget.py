"""``--budget SECONDS``: make runs in the order of their value, stop in time, judge what is whole.

What is left is skipped, counted as not run, and made by the next session.
"""

import time
from collections.abc import Iterator, Sequence

import pytest

from harness.errors import HarnessError
from harness.plugin.experiments import needed_after, work_of
from harness.plugin.options import SESSION, left_out, trains_nothing
from harness.plugin.tiers import tier_of
from harness.runs.budget import Budget, OutOfTime
from harness.runs.records import Records
from harness.runs.run import AnyRecipe, AnyRun
from harness.runs.runner import Runner
from harness.runs.settings import Progress
from harness.training.recipe import Recipe

SPENT = 75
"""The exit status: EX_TEMPFAIL of sysexits.h, "try again later"."""
REASON = "budget used up: "
BUDGET = pytest.StashKey[Budget]()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what makes no runs here."""
    if config.getoption("--budget") is None or config.stash[SESSION].worker:
        return
    for name, given in (
        ("--recorded", config.getoption("--recorded")),
        ("--engine ray", config.getoption("--engine") == "ray"),
    ):
        if given:
            raise pytest.UsageError(f"--budget limits the runs of this process; leave out {name}")


def deadline(config: pytest.Config) -> float:
    """When runs must be over, as `time.time`; all processes of a session share it."""
    seconds = config.getoption("--budget")
    return float("inf") if seconds is None else config.stash[SESSION].started + seconds


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """After the deadline, leave out what computes by itself: how long that takes is not known."""
    if not tier_of(item) or time.time() < deadline(item.config):
        return
    if not work_of(item) or any(item.iter_markers("needs_data")):
        pytest.skip(f"{REASON}no time was left for what the test computes")


def made_in_time(
    item: pytest.Item, runner: Runner, wanted: Sequence[AnyRecipe]
) -> dict[AnyRecipe, AnyRun]:
    """The runs of a test by recipe; skips it where one is missing and the time does not suffice."""
    config = item.config
    if BUDGET not in config.stash:
        config.stash[BUDGET] = _budget(config, runner)
    budget = config.stash[BUDGET]
    budget.others = lambda: _wanted_after(item, runner)
    runner.why_stop = budget.why_stop
    try:
        if missing := list(runner.missing(wanted)):
            budget.require(missing)
        later = (it for it in _wanted_after(item, runner) if budget.may_join(it))
        found = dict(zip(wanted, runner.runs(wanted, later=later), strict=True))
    except OutOfTime as error:
        if budget.left <= 0:
            runner.stop()
        pytest.skip(f"{REASON}{error}")
    budget.known += [found[recipe] for recipe in missing]
    return found


def stop_solve(config: pytest.Config, progress: Progress) -> None:
    """Raise OutOfTime in a solve that goes on after the deadline: it cannot be resumed."""
    if not isinstance(progress.recipe, Recipe) and time.time() >= deadline(config):
        raise OutOfTime(f"{progress.recipe} was stopped: {progress.phase}")


def _budget(config: pytest.Config, runner: Runner) -> Budget:
    known: list[AnyRun] = []
    try:
        known += Records.load().by_path.values()
    except HarnessError as error:
        config.stash[SESSION].notify(f"the records forecast nothing: {error}")
    known += runner.store.runs()
    trainer = runner.trainer
    kind = trainer.backend.kind
    return Budget(deadline(config), kind, known, trainer.begun, jobs=runner.jobs)


def _wanted_after(item: pytest.Item, runner: Runner) -> Iterator[list[AnyRecipe]]:
    return (list(runner.missing(recipes)) for recipes in needed_after(item))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Before evidence and report are written: the session has ended early."""
    if left_out(session.config, REASON) and session.exitstatus in (0, 1):
        session.exitstatus = SPENT


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if (tests := left_out(config, REASON)) and reporter and not trains_nothing(config):
        reporter.write_line(f"budget used up, not run: {tests} tests; the same command goes on")
