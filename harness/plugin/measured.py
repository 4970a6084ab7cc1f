"""The ``measured`` fixture: a complexity measure on the networks of a test of claims/measures."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.capacity.measures import MEASURES, Measure
from harness.environment import available_cores
from harness.errors import HarnessError
from harness.evidence.complexity import MeasuredNetwork
from harness.models.registry import model_spec
from harness.plugin.experiments import reseed
from harness.plugin.measures import FUNCTIONS, for_networks, knows_random_labels
from harness.plugin.options import SESSION
from harness.plugin.progress import show_progress
from harness.plugin.runs import Runs
from harness.runs.run import Run
from harness.training.recipe import Recipe

if TYPE_CHECKING:
    from harness.capacity.custom_measure import CustomMeasure
    from harness.capacity.measured import Network

REPEATS = 4
"""Networks whose rescaled copies a measure sees."""
TRAINED = pytest.StashKey[dict[Recipe, "Network"]]()
MEASURED = pytest.StashKey[dict[str, dict[Any, Any]]]()
"""By measure and recipe; under None, the error by which a measure has failed."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a test sees of a measure: its name, and its values on the test's networks."""

    name: str
    function: "CustomMeasure | None"
    trained: "list[Network]"
    """Empty at the paper's size, where a run's summary is all that there is of a network."""
    networks: list[MeasuredNetwork]

    @property
    def has_bound(self) -> bool:
        """Whether the measure bounds the test error."""
        return any(it.bound is not None for it in self.networks)

    @property
    def can_be_rescaled(self) -> bool:
        """Whether a network with other weights is known that computes the same function."""
        return all(model_spec(it.recipe.model).hidden is not None for it in self.trained)

    @property
    def same_functions(self) -> list[tuple[float, float]]:
        """The measure of a few networks, and of others that compute the same functions."""
        from harness.capacity.measured import rescaled

        reverse = self.function is not None or not MEASURES[self.name].noise
        others = [rescaled(it, reverse=reverse) for it in self.trained[:REPEATS]]
        values = [measured_network(self.name, self.function, it).value for it in others]
        return [(it.value, other) for it, other in zip(self.networks, values, strict=False)]

    @property
    def norms_of_same_functions(self) -> list[tuple[float, float]]:
        """The l2 norm of all weights instead of the measure."""
        from harness.capacity.measured import l2_norm, rescaled

        return [(l2_norm(it), l2_norm(rescaled(it))) for it in self.trained[:REPEATS]]

    @property
    def figure(self) -> dict[str, Any]:
        """For `harness.report.figures.capacity`."""
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
    recipes = [reseed(it, config.getoption("--base-seed")) for it in for_networks(config, asked)]
    if knows_random_labels(name, function):
        recipes = [it for it in recipes if 0 < it.label_corruption < 1]
    judge.computed_on(*recipes)
    networks = trained_networks(config, recipes, unseen=True)
    return Measured(name, function, networks, values_of(config, name, networks))


def trained_networks(
    config: pytest.Config, recipes: list[Recipe], unseen: bool = False
) -> "list[Network]":
    """The networks of these recipes, each trained once a session; see `train_networks`."""
    known = config.stash.setdefault(TRAINED, {})
    if missing := [it for it in recipes if it not in known]:
        from harness.capacity.measured import train_networks

        threads = max(1, available_cores() // config.stash[SESSION].workers)
        root = config.getoption("--data-root")
        made = train_networks(missing, root, threads, lambda it: show_progress(config, it), unseen)
        known |= zip(missing, made, strict=True)
    return [known[it] for it in recipes]


def values_of(config: pytest.Config, name: str, networks: "list[Network]") -> list[MeasuredNetwork]:
    """What a measure says; it sees each network once a session, and none after an error.

    In random order: which of them have random labels cannot be counted off.
    """
    function = config.stash[FUNCTIONS].get(name)
    known = config.stash.setdefault(MEASURED, {}).setdefault(name, {})
    missing = [it for it in networks if it.recipe not in known]
    for number, it in enumerate(random.sample(missing, len(missing))):
        if isinstance(known.get(None), HarnessError):
            raise known[None]
        text = f"{name}: {number} of {len(missing)} networks measured"

        def on_wait(seconds: float, text: str = text) -> None:
            show_progress(config, f"{text}, the next for {seconds:.0f} s; Ctrl-C stops")

        on_wait(0)
        try:
            known[it.recipe] = measured_network(name, function, it, on_wait)
        except HarnessError as error:
            known[None] = error
            raise
    return [known[it.recipe] for it in networks]


def measured_network(
    name: str, function: "CustomMeasure | None", network: "Network", *on_wait: Any
) -> MeasuredNetwork:
    """What ``function``, or the built-in measure of this name, says of a network."""
    from harness.capacity.measured import built_in

    found = function(network, *on_wait) if function else built_in(MEASURES[name], network)
    return _measured(network.recipe, network.train_error, network.test_error, *found)


def of_run(measure: Measure, run: Run) -> MeasuredNetwork:
    """A built-in measure of a run's network, from its summary."""
    summary, recipe = run.outcome.summary, run.recipe
    bound = measure.bound(summary, recipe.images) if measure.bound else None
    errors = 1 - run.train_accuracy, 1 - run.test_accuracy
    return _measured(recipe, *errors, measure.value(summary), bound)


def _measured(
    recipe: Recipe, train_error: float, test_error: float, value: float, bound: float | None
) -> MeasuredNetwork:
    gap, share, guess = test_error - train_error, recipe.label_corruption, 1 - 1 / recipe.classes
    return MeasuredNetwork(recipe.images, share, recipe.seed, gap, test_error, value, bound, guess)
