"""``--plan``: every job that the selected tests need, in order, before anything trains."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.environment import available_cores
from harness.errors import StoreError
from harness.models.registry import is_custom
from harness.plugin.experiments import work_of
from harness.plugin.options import visible_gpus
from harness.plugin.tiers import tier_of
from harness.runs.budget import Forecast
from harness.runs.run import AnyRecipe
from harness.runs.runner import jobs_for, of_a_shape
from harness.runs.settings import duration
from harness.runs.store import Store
from harness.training.recipe import Recipe

MANY = 5
"""So many similar jobs of one recipe each are collapsed into one line."""
WORKERS = pytest.StashKey[int]()
"""How many processes ``-n`` asks for; 0 without it."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Without xdist: what is only listed or sent to a cluster, and measures, which are secret."""
    option = config.option
    asked = getattr(option, "numprocesses", None)
    config.stash[WORKERS] = available_cores() if isinstance(asked, str) else asked or 0
    if option.plan or option.engine == "ray" or option.measure:
        option.numprocesses, option.dist, option.tx = None, "no", []


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Print the plan instead of running the tests."""
    config = session.config
    if not config.getoption("--plan"):
        return None
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors during collection")
    tests = [list(dict.fromkeys(work_of(item))) for item in session.items]
    users = Counter(recipe for test in tests for recipe in test)
    kind = _device_kind(session)
    jobs = list(jobs_in_order(tests, kind, along=not config.stash[WORKERS]))
    try:
        forecast = Forecast(Store(config.getoption("--runs")).trainings())
    except StoreError as error:
        raise pytest.UsageError(str(error)) from error
    expected = {it: forecast.seconds(it) if isinstance(it, Recipe) else None for it in users}
    total = sum(recipe.cost for recipe in users)
    writer = config.get_terminal_writer()
    writer.line()
    for recipes, others in _lines(jobs):
        share = f"{100 * sum(it.cost for it in recipes) / total:5.1f} %"
        time = _time([expected[it] for it in recipes])
        tests_of_it = max(users[it] for it in recipes)
        work = f"{recipes[0]}{others}: {recipes[0].work}"
        writer.line(f"{share}  {time:>10}  {work}; {tests_of_it} test{'s' * (tests_of_it > 1)}")
    writer.line(
        f"{len(users)} {_kinds(users)} in {len(jobs)} jobs for {len(session.items)} tests, in the"
        f" order in which {'a GPU' if kind == 'cuda' else 'a CPU'} starts them, the longest tests'"
        " first; at the left, each one's share of the arithmetic if none stops early"
    )
    if any(isinstance(it, Recipe) and is_custom(it.model) for it in users):
        writer.line("the arithmetic of a custom network is not known: its share is a guess")
    known = [it[0] for it in expected.values() if it is not None]
    writer.line(sum_in_words(known, len(users) - len(known), forecast.device))
    return True


def jobs_in_order(
    tests: Sequence[Sequence[AnyRecipe]], kind: str, along: bool
) -> Iterator[list[AnyRecipe]]:
    """The jobs that a session starts with an empty store, in the order of its tests' needs.

    ``along``: whether a job includes what later tests need, as where one process runs all tests.
    """
    later = dict.fromkeys(it for test in tests for it in test if isinstance(it, Recipe) and along)
    done: set[AnyRecipe] = set()
    for test in tests:
        missing = [it for it in dict.fromkeys(test) if it not in done]
        wanted = [it for it in missing if isinstance(it, Recipe)]
        jobs: list[list[AnyRecipe]] = []
        if wanted:
            jobs += jobs_for(wanted, of_a_shape(later, wanted), kind)
        for job in [*jobs, *([it] for it in missing if not isinstance(it, Recipe))]:
            for recipe in job:
                later.pop(recipe, None)
            done.update(job)
            yield job


def _device_kind(session: pytest.Session) -> str:
    """The kind of device that is to train: a GPU for the GPU's tiers, even if there is none."""
    device = session.config.getoption("--device")
    if device != "auto":
        return device.partition(":")[0]
    for_gpus = any(tier_of(item) in ("gpu_full", "imagenet") for item in session.items)
    return "cuda" if for_gpus or visible_gpus() else "cpu"


def _time(expected: list[tuple[float, bool] | None]) -> str:
    """A line's time; ~ if a network has not trained on its dataset here before."""
    known = [it for it in expected if it is not None]
    if len(known) < len(expected):
        return "-"
    by_arithmetic = "" if all(measured for _, measured in known) else "~"
    return by_arithmetic + duration(sum(seconds for seconds, _ in known))


def sum_in_words(known: list[float], unknown: int, device: str) -> str:
    """The expected time of the whole plan, from the known seconds of its recipes."""
    if not device:
        return "no times: the store has no finished training of this machine yet"
    if not known:
        return "no times: nothing like these has been trained on this machine yet"
    left = f"; {unknown} have none" if unknown else ""
    return (
        f"expected: {duration(sum(known))} on {device}, one after the other, if none stops early"
        f" and nothing is stored, from the times of the store's runs (~: by arithmetic alone){left}"
    )


def _lines(jobs: Iterable[list[AnyRecipe]]) -> list[tuple[list[AnyRecipe], str]]:
    """The recipes of each line, and words for those beside the first.

    A line is a job, or many jobs of one recipe each that differ in seed, draw or replaced example.
    """
    alike: dict[object, list[list[AnyRecipe]]] = {}
    for job in jobs:
        first = job[0]
        drawn: dict[str, Any] = {}
        if isinstance(first, Recipe):
            drawn = {"label_draw": 0, "replaced": None}
        key = tuple(job) if len(job) > 1 else replace(first, seed=0, **drawn)
        alike.setdefault(key, []).append(job)
    lines = []
    for found in alike.values():
        if len(found) >= MANY:
            lines.append(([job[0] for job in found], f" and {len(found) - 1} variants, one by one"))
        else:
            lines += [
                (job, f" and {len(job) - 1} more as one job" * (len(job) > 1)) for job in found
            ]
    return lines


def _kinds(recipes: Iterable[AnyRecipe]) -> str:
    names = {"trainings" if isinstance(recipe, Recipe) else "solves" for recipe in recipes}
    return " and ".join(sorted(names, reverse=True)) or "trainings and solves"
