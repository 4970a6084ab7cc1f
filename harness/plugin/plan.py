"""``--plan``: every training that the selected tests need, before anything trains."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from harness.linear.recipe import SolveRecipe
from harness.models.foreign import is_foreign
from harness.plugin.trials import work_of
from harness.runs.forecast import Forecast
from harness.runs.laboratory import duration
from harness.runs.store import Store, default_store
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
        for recipe in dict.fromkeys(work_of(item)):
            users[recipe] = users.get(recipe, 0) + 1
    writer = session.config.get_terminal_writer()
    writer.line()
    total = sum(recipe.cost for recipe in users)
    forecast = Forecast(Store(session.config.getoption("--runs") or default_store()).runs())
    seconds, known_of, unknown = 0.0, 0, 0
    # The longest job starts first.
    for variants in sorted(_lines(users), key=lambda them: -sum(it.cost for it in them)):
        recipe, tests = variants[0], max(users[it] for it in variants)
        share = f"{100 * sum(it.cost for it in variants) / total:5.1f} %"
        expected = [forecast.seconds(it) if isinstance(it, Recipe) else None for it in variants]
        known = [it for it in expected if it is not None]
        seconds += sum(it[0] for it in known)
        known_of += len(known)
        unknown += len(expected) - len(known)
        more = f" and {len(variants) - 1} variants" if len(variants) > 1 else ""
        told = f"{recipe}{more}: {recipe.work}; {tests} test{'s' if tests > 1 else ''}"
        writer.line(f"{share}  {_time(expected):>10}  {told}")
    writer.line(
        f"{len(users)} {_kinds(users)} for {len(session.items)} tests, the longest first; at the"
        " left, each one's share of the arithmetic if none stops early"
    )
    if any(isinstance(it, Recipe) and is_foreign(it.model) for it in users):
        writer.line("the arithmetic of a network from outside is not known: its share is a guess")
    writer.line(_sum(seconds, known_of, unknown, forecast.device))
    return True


def _time(expected: list[tuple[float, bool] | None]) -> str:
    """Of one line: ~ where the network has not trained on this dataset here before."""
    if not expected or None in expected:
        return "-"
    reckoned = "" if all(measured for _, measured in expected) else "~"
    return f"{reckoned}{duration(sum(seconds for seconds, _ in expected))}"


def _sum(seconds: float, known: int, unknown: int, device: str) -> str:
    if not device:
        return "no times: the store has no finished training of this machine yet"
    if not known:
        return "no times: nothing like these has been trained on this machine yet"
    left = f"; {unknown} have none" if unknown else ""
    return (
        f"expected: {duration(seconds)} on {device}, one after the other, if none stops early and"
        f" nothing is stored, by what the store's runs took (~: by arithmetic alone){left}"
    )


def _lines(recipes: Iterable[Recipe | SolveRecipe]) -> list[list[Recipe | SolveRecipe]]:
    """A line a recipe; one for all where many differ in seed, draw or replaced example alone."""
    alike: dict[object, list[Recipe | SolveRecipe]] = {}
    for recipe in recipes:
        drawn = {"label_draw": 0, "replaced": None} if isinstance(recipe, Recipe) else {}
        alike.setdefault(replace(recipe, seed=0, **drawn), []).append(recipe)
    lines = []
    for variants in alike.values():
        lines += [variants] if len(variants) >= MANY else [[recipe] for recipe in variants]
    return lines


def _kinds(recipes: Iterable[object]) -> str:
    """What there is to make, in words."""
    solves = {not isinstance(recipe, Recipe) for recipe in recipes}
    return {(False,): "trainings", (True,): "solves"}.get(tuple(solves), "trainings and solves")
