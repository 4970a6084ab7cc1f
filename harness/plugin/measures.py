"""``--measure``: complexity measures put through the randomisation test of claims/measures.

Only that folder is selected then, and without ``--measure`` it is not collected.
"""

import secrets
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pytest

from harness.capacity.measures import MEASURES
from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue
from harness.models.registry import FORMS, model_spec
from harness.plugin.custom import NETWORKS, command_words
from harness.plugin.evidence import COMMAND, NETWORK
from harness.plugin.options import CLAIMS, SESSION, is_named, trains_nothing
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.capacity.custom_measure import CustomMeasure

FOLDER = CLAIMS / "measures"
ALL = "all"
SECRET_BITS = 48
"""Of the base seed, where none was given."""
FUNCTIONS = pytest.StashKey[dict[str, "CustomMeasure | None"]]()
"""The measures by name; None for a built-in one."""
SLOW = pytest.StashKey[list[str]]()
"""Sentences on the measures that take long."""
PATIENCE = 10.0
"""Seconds after which a measure that is tried is said to be slow, again and again."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The measures."""
    parser.getgroup("claims").addoption(
        "--measure",
        action="append",
        metavar="NAME|FILE.py:FUNCTION",
        help="put a complexity measure through the randomisation test: a function of (model,"
        f" inputs, labels, initial), or a built-in one ({', '.join(MEASURES)}; {ALL})",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the measures, and try each on a small network before anything else trains."""
    functions: dict[str, CustomMeasure | None] = {}
    config.stash[FUNCTIONS], config.stash[SLOW] = functions, []
    asked, recorded = config.getoption("--measure") or (), config.getoption("--recorded")
    networks = config.stash[NETWORKS]
    if asked and (config.getoption("--dataset") or len(networks) > 1):
        raise pytest.UsageError("--measure takes one --arch, and no --dataset: it makes its images")
    for name in asked:
        if name == ALL:
            every = MEASURES.values()
            functions |= {it.name: None for it in every if not recorded or it.of_all_labels}
        elif name in MEASURES:
            functions[name] = None
        elif ":" not in name:
            raise pytest.UsageError(
                f"--measure {name}: no built-in measure; known are {', '.join(MEASURES)}, {ALL}; a"
                f" measure of yours is {FORMS['measure']}"
            )
        elif recorded:
            raise pytest.UsageError(_not_recorded(name, "the network itself"))
        else:
            try:
                functions[name] = _load(config, name)
            except HarnessError as error:
                raise pytest.UsageError(f"--measure {error}") from error
    if not functions:
        if is_named(config, FOLDER):
            raise pytest.UsageError(
                "claims/measures judges complexity measures: name one with --measure, or all"
                f" built-in ones with --measure {ALL}"
            )
        config.stash[SESSION].uncollected.add(FOLDER)
        return
    if config.args_source is config.ArgsSource.TESTPATHS:
        config.args[:] = [str(FOLDER)]  # Whatever else is collected would be deselected.
    for name in (it for it in functions if functions[it] is None):
        if networks and model_spec(networks[0].model).hidden is None:
            raise pytest.UsageError(
                f"--measure {name} knows dense layers alone, and {networks[0].title} may have"
                " others: leave --arch out, or write the measure as a function"
            )
        if recorded and not MEASURES[name].of_all_labels:
            raise pytest.UsageError(_not_recorded(name, "which labels are random"))
    if recorded and (networks or "cpu_full" not in (config.option.markexpr or "")):
        raise pytest.UsageError(
            "--recorded --measure is about the paper's networks at their size: add -m cpu_full, and"
            " leave --arch and --optimizer out"
        )
    if any(functions.values()):
        config.stash[SESSION].held = {}  # Evidence has the seed and the gaps.
    if not (recorded or config.option.base_seed or trains_nothing(config)):
        # Images, labels and weights: a measure cannot draw again what it does not know.
        config.option.base_seed = secrets.randbits(SECRET_BITS)
        config.stash[SESSION].notices.append(
            "the networks were trained on images of this session alone: --base-seed"
            f" {config.option.base_seed} repeats it"
        )
    config.stash[SESSION].catalogue |= load_catalogue(FOLDER / "catalogue.toml")


def _not_recorded(name: str, lacking: str) -> str:
    return (
        f"--measure {name} needs {lacking}, and a record has none but a summary of the weights:"
        " leave --recorded out, or name another built-in measure"
    )


def _load(config: pytest.Config, name: str) -> "CustomMeasure":
    """The measure, tried on a network that has had one epoch; raises CapacityError."""
    from harness.capacity.custom_measure import CustomMeasure
    from harness.capacity.measured import train_networks

    measure = CustomMeasure(name)
    config.add_cleanup(measure.close)
    if trains_nothing(config):
        return measure
    labels = "corrupted-0.5" if measure.knows_random_labels else "true-labels"
    short = paper_recipe("mlp-1x512", "digits", labels, train_size=32, epochs=1)
    (network,) = train_networks(for_networks(config, [short]))
    waited = [0.0]

    def on_wait(seconds: float) -> None:
        if seconds - waited[0] >= PATIENCE:
            print(
                f"--measure {name} has worked for {seconds:.0f} s on one small network; Ctrl-C"
                " stops it",
                file=sys.stderr,
                flush=True,
            )
            waited[0] = seconds

    started = time.perf_counter()
    measure(network, on_wait)
    seconds = time.perf_counter() - started
    config.stash[SLOW] += [f"{name} takes {seconds:.0f} s a network"] * (seconds > 1)
    return measure


def for_networks(config: pytest.Config, recipes: Iterable[Recipe]) -> list[Recipe]:
    """The recipes for the network and the optimiser of the command line."""
    (network,) = config.stash[NETWORKS] or (CustomNetwork("mlp-1x512"),)
    return [network.recipe(it) for it in recipes]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which measures."""
    names, networks = list(config.stash[FUNCTIONS]), config.stash[NETWORKS]
    on = f", on {networks[0].title}" if networks else ""
    lines = [f"claims: the randomisation test of {', '.join(names)}{on}"] if names else []
    slow = config.stash[SLOW]
    return [*lines, *(f"claims: {it}, and there are some fifty; Ctrl-C stops" for it in slow)]


def knows_random_labels(name: str, function: "CustomMeasure | None") -> bool:
    """Whether the measure is given which labels are random: then only its bound is judged."""
    return function.knows_random_labels if function else not MEASURES[name].of_all_labels


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of this folder is about each measure in turn."""
    if metafunc.definition.get_closest_marker("measures"):
        metafunc.parametrize("measured", list(metafunc.config.stash[FUNCTIONS]), indirect=True)


def _is_put_to(item: pytest.Item, functions: "Mapping[str, CustomMeasure | None]") -> bool:
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
        for network in config.stash[NETWORKS]:
            item.stash[NETWORK] = f"{name} on {network.title}"
            item.stash[COMMAND] += command_words(config, network)
