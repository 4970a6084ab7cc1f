"""``--measure``: complexity measures put through the randomisation test of claims/measures.

Only that folder is selected then, and without ``--measure`` it is not collected.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.capacity.measures import MEASURES
from harness.environment import available_cores
from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue
from harness.evidence.complexity import MeasuredNetwork
from harness.plugin.evidence import COMMAND, NETWORK
from harness.plugin.experiments import reseed
from harness.plugin.options import CLAIMS, SESSION, trains_nothing
from harness.plugin.progress import show_progress

if TYPE_CHECKING:
    from harness.capacity.measured import MeasureFunction, Network

FOLDER = CLAIMS / "measures"
ALL = "all"
REPEATS = 4
"""Networks whose rescaled copies a measure sees."""
FUNCTIONS = pytest.StashKey[dict[str, "MeasureFunction | None"]]()
"""The measures by name; None for a built-in one."""
TRAINED = pytest.StashKey[list["Network"]]()
MEASURED = pytest.StashKey[dict[str, "Measured"]]()


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
    for name in config.getoption("--measure") or ():
        if name == ALL:
            functions |= dict.fromkeys(MEASURES)
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
                functions[name] = load_measure(name, tried)
            except HarnessError as error:
                raise pytest.UsageError(f"--measure {error}") from error
    if functions:
        for other in ("--arch", "--dataset", "--optimizer"):
            if config.getoption(other.removeprefix("--")):
                raise pytest.UsageError(
                    f"--measure is tried on networks of its own: leave {other} out"
                )
        config.stash[SESSION].catalogue |= load_catalogue(FOLDER / "catalogue.toml")


def load_measure(name: str, tried: bool = True) -> "MeasureFunction":
    """The function of this name, tried on a network of one epoch if ``tried``.

    Raises NetworkError where it is not to be had, and CapacityError where it is no measure.
    """
    from harness.capacity import measured
    from harness.models.custom import callable_at
    from harness.training.protocol import paper_recipe

    function = callable_at(name, "a measure")
    measured.check_signature(name, function)
    if tried:
        short = paper_recipe("mlp-1x512", "digits", "true-labels", train_size=32, epochs=1)
        measured.evaluate(name, function, measured.train_networks([short])[0])
    return function


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which measures."""
    names = list(config.stash[FUNCTIONS])
    return [f"claims: the randomisation test of {', '.join(names)}"] if names else []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without a measure there is nothing to try in the folder."""
    return True if collection_path == FOLDER and not config.stash[FUNCTIONS] else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of this folder is about each measure in turn."""
    if metafunc.definition.get_closest_marker("measures"):
        metafunc.parametrize("measured", list(metafunc.config.stash[FUNCTIONS]), indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests alone in the session."""
    if not config.stash[FUNCTIONS]:
        return
    chosen = [item for item in items if item.get_closest_marker("measures")]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
    for item in chosen:
        name = item.callspec.params["measured"]
        item.stash[NETWORK] = name
        item.stash[COMMAND] = ["--measure", name]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a test sees of a measure: its name, and its values on the networks."""

    name: str
    function: "MeasureFunction | None"
    trained: "list[Network]"
    on_progress: Callable[[str], None]

    @cached_property
    def networks(self) -> list[MeasuredNetwork]:
        """The trained networks with the measure's values. Each is evaluated once a session."""
        from harness.capacity.measured import value_of

        found = []
        for number, it in enumerate(self.trained, 1):
            value, bound = value_of(self.name, self.function, it)
            recipe = it.recipe
            found.append(
                MeasuredNetwork(
                    recipe.images,
                    recipe.label_corruption,
                    recipe.seed,
                    it.gap,
                    it.test_error,
                    value,
                    bound,
                )
            )
            self.on_progress(f"{self.name}: {number} of {len(self.trained)} networks measured")
        return found

    @property
    def has_bound(self) -> bool:
        """Whether the measure bounds the test error."""
        return any(it.bound is not None for it in self.networks)

    @property
    def same_functions(self) -> list[tuple[float, float]]:
        """The measure of a few networks, and of others that compute the same functions."""
        from harness.capacity.measured import rescaled, value_of

        return [
            tuple(value_of(self.name, self.function, each).value for each in (it, rescaled(it)))
            for it in self.trained[:REPEATS]
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
    """A measure on the networks of the test's ``measures`` marker, trained once a session."""
    config, item = request.config, request.node
    base_seed = config.getoption("--base-seed")
    recipes = [reseed(it, base_seed) for it in item.get_closest_marker("measures").args]
    judge.computed_on(*recipes)
    if TRAINED not in config.stash:
        from harness.capacity.measured import train_networks

        config.stash[TRAINED] = train_networks(
            recipes,
            config.getoption("--data-root"),
            max(1, available_cores() // config.stash[SESSION].workers),
            lambda text: show_progress(config, text),
        )
        config.stash[MEASURED] = {}
    known = config.stash[MEASURED]
    if request.param not in known:
        known[request.param] = Measured(
            request.param,
            config.stash[FUNCTIONS][request.param],
            config.stash[TRAINED],
            lambda text: show_progress(config, text),
        )
    return known[request.param]
