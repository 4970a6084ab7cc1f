"""``--measure``: complexity measures put through the randomisation test of claims/measures.

Only that folder is selected then, and without ``--measure`` it is not collected.
"""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.capacity.measures import MEASURES, Measure
from harness.environment import available_cores
from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue
from harness.evidence.complexity import MeasuredNetwork
from harness.plugin.evidence import COMMAND, NETWORK
from harness.plugin.experiments import reseed
from harness.plugin.options import CLAIMS, SESSION, trains_nothing
from harness.plugin.progress import show_progress
from harness.plugin.runs import Runs
from harness.runs.run import Run
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.capacity.measured import MeasureFunction, Network

FOLDER = CLAIMS / "measures"
ALL = "all"
REPEATS = 4
"""Networks whose rescaled copies a measure sees."""
FUNCTIONS = pytest.StashKey[dict[str, "MeasureFunction | None"]]()
"""The measures by name; None for a built-in one."""
TRAINED = pytest.StashKey[dict[Recipe, "Network"]]()
MEASURED = pytest.StashKey[dict[str, dict[Any, Any]]]()
"""By measure and recipe; under None, the error by which a measure has failed."""
SLOW = pytest.StashKey[list[str]]()
"""Sentences on the measures that take long."""
PATIENCE = 10.0
"""Seconds after which a measure that is tried is said to be slow."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The measures."""
    parser.getgroup("claims").addoption(
        "--measure",
        action="append",
        metavar="NAME|FILE.py:FUNCTION",
        help="put a complexity measure through the randomisation test: a function of (model,"
        f" inputs, labels, initial), or a built-in one ({', '.join(MEASURES)}; {ALL})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the measures, and try each on an untrained network before anything trains."""
    functions: dict[str, MeasureFunction | None] = {}
    config.stash[FUNCTIONS] = functions
    config.stash[SLOW] = []
    for name in config.getoption("--measure") or ():
        if name == ALL:
            recorded = config.getoption("--recorded")
            functions |= {
                it.name: None
                for it in MEASURES.values()
                if not (recorded and it.knows_random_labels)
            }
        elif name in MEASURES:
            functions[name] = None
        elif ":" not in name:
            raise pytest.UsageError(
                f"--measure {name}: no built-in measure; known are {', '.join(MEASURES)}, {ALL}; a"
                " measure of yours is FILE.py:FUNCTION or PACKAGE.MODULE:FUNCTION"
            )
        else:
            try:
                tried = not trains_nothing(config) and not config.stash[SESSION].worker
                functions[name], seconds = load_measure(name, tried)
                config.stash[SLOW] += [f"{name} takes {seconds:.0f} s a network"] * (seconds > 1)
            except HarnessError as error:
                raise pytest.UsageError(f"--measure {error}") from error
    if functions:
        if config.getoption("--recorded"):
            _check_recorded(config, functions)
        for other in ("--arch", "--dataset", "--optimizer"):
            if config.getoption(other.removeprefix("--")):
                raise pytest.UsageError(
                    f"--measure is tried on networks of its own: leave {other} out"
                )
        config.stash[SESSION].catalogue |= load_catalogue(FOLDER / "catalogue.toml")


def _check_recorded(config: pytest.Config, functions: Mapping[str, Any]) -> None:
    """Refuse what the records cannot answer: they keep a summary of each network's weights."""
    for name, function in functions.items():
        if function is not None or MEASURES[name].knows_random_labels:
            lacking = "which labels are random" if function is None else "the network itself"
            raise pytest.UsageError(
                f"--measure {name} needs {lacking}, and a record has none but a summary of the"
                " weights: leave --recorded out, or name another built-in measure"
            )
    if "cpu_full" not in (config.option.markexpr or ""):
        raise pytest.UsageError("--recorded --measure is about the paper's size: add -m cpu_full")


def load_measure(name: str, tried: bool = True) -> "tuple[MeasureFunction, float]":
    """The function of this name, and the seconds that it took on a network, if it was ``tried``.

    The network has had one epoch. Raises NetworkError where the function is not to be had, and
    CapacityError where it is no measure.
    """
    from harness.capacity import measured
    from harness.models.custom import callable_at
    from harness.training.protocol import paper_recipe

    function = callable_at(name, "a measure")
    measured.check_signature(name, function)
    if not tried:
        return function, 0.0
    labels = "corrupted-0.5" if measured.knows_random_labels(function) else "true-labels"
    short = paper_recipe("mlp-1x512", "digits", labels, train_size=32, epochs=1)
    (network,) = measured.train_networks([short])
    slow = f"--measure {name} has worked for {PATIENCE:.0f} s on one small network; Ctrl-C stops it"
    timer = threading.Timer(PATIENCE, print, (slow,), {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    started = time.perf_counter()
    try:
        measured.evaluate(name, function, network)
    finally:
        timer.cancel()
    return function, time.perf_counter() - started


def knows_random_labels(name: str, function: "MeasureFunction | None") -> bool:
    """Whether the measure is given which labels are random: then only its bound is judged."""
    if function is None:
        return MEASURES[name].knows_random_labels
    from harness.capacity import measured

    return measured.knows_random_labels(function)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which measures."""
    names = list(config.stash[FUNCTIONS])
    slow = config.stash[SLOW]
    lines = [f"claims: the randomisation test of {', '.join(names)}"] if names else []
    return [*lines, *(f"claims: {it}, and there are some fifty; Ctrl-C stops" for it in slow)]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without a measure there is nothing to try in the folder."""
    return True if collection_path == FOLDER and not config.stash[FUNCTIONS] else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of this folder is about each measure in turn."""
    if metafunc.definition.get_closest_marker("measures"):
        metafunc.parametrize("measured", list(metafunc.config.stash[FUNCTIONS]), indirect=True)


def _is_put_to(item: pytest.Item, functions: "Mapping[str, MeasureFunction | None]") -> bool:
    """Whether a test is about its measure: at the paper's size the built-in ones alone are tried.

    A measure that is given which labels are random has only its bound judged.
    """
    mark = item.get_closest_marker("measures")
    if mark is None:
        return False
    name = item.callspec.params["measured"]
    full_size = not mark.args
    if full_size and functions[name] is not None:
        return False
    return not knows_random_labels(name, functions[name]) or bool(mark.kwargs.get("bound"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests alone in the session."""
    if not (functions := config.stash[FUNCTIONS]):
        return
    chosen = [item for item in items if _is_put_to(item, functions)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
    for item in chosen:
        name = item.callspec.params["measured"]
        item.stash[NETWORK] = name
        item.stash[COMMAND] = ["--measure", name]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a test sees of a measure: its name, and its values on the test's networks."""

    name: str
    function: "MeasureFunction | None"
    trained: "list[Network]"
    """Empty at the paper's size, where a run's summary is all that there is of a network."""
    networks: list[MeasuredNetwork]

    @property
    def has_bound(self) -> bool:
        """Whether the measure bounds the test error."""
        return any(it.bound is not None for it in self.networks)

    @property
    def same_functions(self) -> list[tuple[float, float]]:
        """The measure of a few networks, and of others that compute the same functions."""
        from harness.capacity.measured import rescaled, value_of

        reverse = self.function is not None or not MEASURES[self.name].noise
        pairs = [(it, rescaled(it, reverse=reverse)) for it in self.trained[:REPEATS]]
        return [
            tuple(value_of(self.name, self.function, it).value for it in pair) for pair in pairs
        ]

    @property
    def norms_of_same_functions(self) -> list[tuple[float, float]]:
        """The l2 norm of all weights instead of the measure."""
        from harness.capacity.measured import rescaled

        return [
            tuple(each.summary["parameters"]["final l2"] for each in (it, rescaled(it)))
            for it in self.trained[:REPEATS]
        ]

    @property
    def figure(self) -> dict[str, Any]:
        """For `harness.report.figures.measures`."""
        return {
            "measure": self.name,
            "n": [it.images for it in self.networks],
            "corrupted": [it.corrupted for it in self.networks],
            "gap": [it.gap for it in self.networks],
            "value": [it.value for it in self.networks],
        }

    def with_values(
        self, value: Callable[[MeasuredNetwork], float], bound: float | None = None
    ) -> list[MeasuredNetwork]:
        """The networks with other values than the measure's."""
        return [replace(it, value=value(it), bound=bound) for it in self.networks]


@pytest.fixture
def measured(request: pytest.FixtureRequest, judge: Any) -> Measured:
    """A measure on the networks of the test's ``measures`` marker, trained once a session.

    Without recipes in the marker: on the test's runs, from their summaries.
    """
    config, item, name = request.config, request.node, request.param
    function = config.stash[FUNCTIONS][name]
    asked = item.get_closest_marker("measures").args
    if not asked:
        return Measured(name, None, [], [of_run(MEASURES[name], it) for it in Runs(item, "").all])
    recipes = [reseed(it, config.getoption("--base-seed")) for it in asked]
    if knows_random_labels(name, function):
        recipes = [it for it in recipes if 0 < it.label_corruption < 1]
    judge.computed_on(*recipes)
    networks = trained_networks(config, recipes)
    return Measured(name, function, networks, values_of(config, name, networks))


def trained_networks(config: pytest.Config, recipes: list[Recipe]) -> "list[Network]":
    """The networks of these recipes, each trained once a session."""
    known = config.stash.setdefault(TRAINED, {})
    if missing := [it for it in recipes if it not in known]:
        from harness.capacity.measured import train_networks

        threads = max(1, available_cores() // config.stash[SESSION].workers)
        root = config.getoption("--data-root")
        made = train_networks(missing, root, threads, lambda it: show_progress(config, it))
        known |= zip(missing, made, strict=True)
    return [known[it] for it in recipes]


def values_of(config: pytest.Config, name: str, networks: "list[Network]") -> list[MeasuredNetwork]:
    """What a measure says; it sees each network once a session, and none after an error."""
    from harness.capacity.measured import value_of

    known = config.stash.setdefault(MEASURED, {}).setdefault(name, {})
    for number, it in enumerate(networks):
        if isinstance(known.get(None), HarnessError):
            raise known[None]
        if it.recipe in known:
            continue
        show_progress(
            config, f"{name}: {number} of {len(networks)} networks measured; Ctrl-C stops"
        )
        try:
            found = value_of(name, config.stash[FUNCTIONS].get(name), it)
        except HarnessError as error:
            known[None] = error
            raise
        known[it.recipe] = _measured(it.recipe, it.train_error, it.test_error, *found)
    return [known[it.recipe] for it in networks]


def of_run(measure: Measure, run: Run) -> MeasuredNetwork:
    """A built-in measure of a run's network, from its summary."""
    summary, recipe = run.outcome.summary, run.recipe
    bound = measure.bound(summary, recipe.images) if measure.bound else None
    errors = 1 - run.train_accuracy, 1 - run.test_accuracy
    return _measured(recipe, *errors, measure.value(summary), bound)


def _measured(
    recipe: Recipe, train_error: float, test_error: float, value: float, bound: float | None
) -> MeasuredNetwork:
    gap, share = test_error - train_error, recipe.label_corruption
    return MeasuredNetwork(recipe.images, share, recipe.seed, gap, test_error, value, bound)
