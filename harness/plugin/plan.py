"""``--plan``: every job that the selected tests need, in order, before anything trains."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from harness.errors import StoreError
from harness.linear.recipe import SolveRecipe
from harness.models.custom import is_custom
from harness.plugin.options import visible_gpus
from harness.plugin.tiers import tier_of
from harness.plugin.trials import work_of
from harness.runs.forecast import Forecast
from harness.runs.jobs import jobs_in_order
from harness.runs.progress import duration
from harness.runs.store import Store, default_store
from harness.training.recipe import Recipe

MANY = 5
"""Recipes that are alike from which on they share a line, where each is a job of its own."""
ALONE = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A plan is collected once, in this process."""
    config.stash[ALONE] = not getattr(config.option, "numprocesses", None)
    if config.getoption("--plan") and hasattr(config.option, "numprocesses"):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Print the plan instead of running the tests."""
    if not session.config.getoption("--plan"):
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    tests = [list(dict.fromkeys(work_of(item))) for item in session.items]
    users = Counter(recipe for test in tests for recipe in test)
    kind = _kind(session)
    jobs = list(jobs_in_order(tests, kind, along=session.config.stash[ALONE]))
    writer = session.config.get_terminal_writer()
    writer.line()
    total = sum(recipe.cost for recipe in users)
    store = Store(session.config.getoption("--runs") or default_store())
    try:
        forecast = Forecast(store.trainings())
    except StoreError as error:
        raise pytest.UsageError(str(error)) from error
    seconds, known_of, unknown = 0.0, 0, 0
    for recipes, others in _lines(jobs):
        recipe, tests_of_it = recipes[0], max(users[it] for it in recipes)
        share = f"{100 * sum(it.cost for it in recipes) / total:5.1f} %"
        expected = [forecast.seconds(it) if isinstance(it, Recipe) else None for it in recipes]
        known = [it for it in expected if it is not None]
        seconds += sum(it[0] for it in known)
        known_of += len(known)
        unknown += len(expected) - len(known)
        told = f"{recipe}{others}: {recipe.work}; {tests_of_it} test{'s' * (tests_of_it > 1)}"
        writer.line(f"{share}  {_time(expected):>10}  {told}")
    writer.line(
        f"{len(users)} {_kinds(users)} in {len(jobs)} jobs for {len(session.items)} tests, in the"
        f" order in which {'a GPU' if kind == 'cuda' else 'a CPU'} starts them, the longest tests'"
        " first; at the left, each one's share of the arithmetic if none stops early"
    )
    if any(isinstance(it, Recipe) and is_custom(it.model) for it in users):
        writer.line("the arithmetic of a network from outside is not known: its share is a guess")
    writer.line(_sum(seconds, known_of, unknown, forecast.device))
    return True


def _kind(session: pytest.Session) -> str:
    """Of the device that is to train: a GPU's for the GPU's tiers, also where there is none."""
    device = session.config.getoption("--device")
    if device != "auto":
        return device.partition(":")[0]
    for_gpus = any(tier_of(item) in ("gpu_full", "imagenet") for item in session.items)
    return "cuda" if for_gpus or visible_gpus() else "cpu"


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


def _lines(
    jobs: Iterable[list[Recipe | SolveRecipe]],
) -> list[tuple[list[Recipe | SolveRecipe], str]]:
    """What stands on a line, and in words what stands there beside the first.

    A job; or many jobs, each of one recipe, that differ in seed, draw or replaced example alone.
    """
    alike: dict[object, list[list[Recipe | SolveRecipe]]] = {}
    for job in jobs:
        first = job[0]
        drawn = {"label_draw": 0, "replaced": None} if isinstance(first, Recipe) else {}
        one = len(job) == 1
        alike.setdefault(replace(first, seed=0, **drawn) if one else tuple(job), []).append(job)
    lines = []
    for found in alike.values():
        if len(found) >= MANY:
            lines.append(([job[0] for job in found], f" and {len(found) - 1} variants, one by one"))
            continue
        for job in found:
            lines.append((job, f" and {len(job) - 1} more as one job" * (len(job) > 1)))
    return lines


def _kinds(recipes: Iterable[object]) -> str:
    """What there is to make, in words."""
    solves = {not isinstance(recipe, Recipe) for recipe in recipes}
    return {(False,): "trainings", (True,): "solves"}.get(tuple(solves), "trainings and solves")
