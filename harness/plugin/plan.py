"""``--plan``: every training that the selected tests need, before anything trains."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from harness.plugin.trials import recipes_of
from harness.training.recipe import Recipe

MANY = 5
"""Recipes that are alike from which on they share a line."""


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
    for variants in _lines(users):
        recipe, tests = variants[0], max(users[it] for it in variants)
        share = f"{100 * sum(it.cost for it in variants) / total:5.1f} %"
        more = f" and {len(variants) - 1} variants" if len(variants) > 1 else ""
        epochs = f"{'at most ' if recipe.stop_at_zero_error else ''}{recipe.epochs} epochs"
        writer.line(f"{share}  {recipe}{more}: {epochs}; {tests} test{'s' if tests > 1 else ''}")
    writer.line(
        f"{len(users)} trainings for {len(session.items)} tests; at the left, each one's share"
        " of the arithmetic if none stops early"
    )
    return True


def _lines(recipes: Iterable[Recipe]) -> list[list[Recipe]]:
    """A line a recipe; one for all where many differ in seed, draw or replaced example alone."""
    alike: dict[Recipe, list[Recipe]] = {}
    for recipe in recipes:
        alike.setdefault(replace(recipe, seed=0, label_draw=0, replaced=None), []).append(recipe)
    lines = []
    for variants in alike.values():
        lines += [variants] if len(variants) >= MANY else [[recipe] for recipe in variants]
    return lines
