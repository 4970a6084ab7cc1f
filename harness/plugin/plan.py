"""``--plan``: every training that the selected tests need, before anything trains."""

from dataclasses import replace

import pytest

from harness.plugin.trials import recipes_of
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
        for recipe in dict.fromkeys(recipes_of(item)):
            users[recipe] = users.get(recipe, 0) + 1
    writer = session.config.get_terminal_writer()
    writer.line()
    total = sum(recipe.cost for recipe in users)
    alike: dict[object, list[Recipe]] = {}
    for recipe in users:
        alike.setdefault(replace(recipe, label_draw=0, replaced=None), []).append(recipe)
    for recipe, variants in alike.items():
        share = f"{100 * sum(it.cost for it in variants) / total:5.1f} %"
        more = f" and {len(variants) - 1} variants" if len(variants) > 1 else ""
        epochs = f"{'at most ' if recipe.stop_at_zero_error else ''}{recipe.epochs} epochs"
        tests = max(users[it] for it in variants)
        writer.line(f"{share}  {recipe}{more}: {epochs}; {tests} test{'s' if tests > 1 else ''}")
    writer.line(
        f"{len(users)} trainings for {len(session.items)} tests; at the left, each one's share"
        " of the arithmetic if none stops early"
    )
    return True
