"""``--plan``: every training that the selected tests need, before anything trains."""

from collections.abc import Iterable

import pytest

from harness.plugin.trials import work_of
from harness.training.recipe import Recipe


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A plan is collected once, in this process."""
    if config.getoption("--plan") and hasattr(config.option, "numprocesses"):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Print the plan instead of running the tests."""
    if not session.config.getoption("--plan"):
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    users: dict[object, int] = {}
    for item in session.items:
        for recipe in dict.fromkeys(work_of(item)):
            users[recipe] = users.get(recipe, 0) + 1
    writer = session.config.get_terminal_writer()
    writer.line()
    total = sum(recipe.cost for recipe in users)
    for recipe, tests in users.items():
        share = f"{100 * recipe.cost / total:5.1f} %"
        writer.line(f"{share}  {recipe}: {recipe.work}; {tests} test{'s' if tests > 1 else ''}")
    writer.line(
        f"{len(users)} {_kinds(users)} for {len(session.items)} tests; at the left, each one's"
        " share of the arithmetic if none stops early"
    )
    return True


def _kinds(recipes: Iterable[object]) -> str:
    """What there is to make, in words."""
    solves = {not isinstance(recipe, Recipe) for recipe in recipes}
    return {(False,): "trainings", (True,): "solves"}.get(tuple(solves), "trainings and solves")
