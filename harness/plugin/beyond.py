"""claims/beyond: what later work found. Collected only where its path is named."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.evidence.catalogue import load_catalogue
from harness.evidence.complexity import MeasuredNetwork
from harness.plugin.evidence import NETWORK
from harness.plugin.experiments import reseed
from harness.plugin.measured import measured_network, trained_networks, values_of
from harness.plugin.options import CLAIMS, SESSION, is_named
from harness.report.networks import LATER_WORK
from harness.training.recipe import Recipe

FOLDER = CLAIMS / "beyond"


def pytest_configure(config: pytest.Config) -> None:
    """Know its claims where its tests are asked for."""
    session = config.stash[SESSION]
    if is_named(config, FOLDER):
        session.catalogue |= load_catalogue(FOLDER / "catalogue.toml")
    else:
        session.uncollected.add(FOLDER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep its verdicts apart from the paper's."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.stash[NETWORK] = LATER_WORK


@pytest.fixture
def measure_on(
    request: pytest.FixtureRequest, judge: Any
) -> Callable[[str, Sequence[Recipe]], list[MeasuredNetwork]]:
    """``measure_on(name, recipes)``: a built-in measure, or "gap", on networks of these recipes.

    With a third argument, on what that function makes of each network.
    """
    config = request.config

    def values(
        name: str, recipes: Sequence[Recipe], change: Callable[[Any], Any] | None = None
    ) -> list[MeasuredNetwork]:
        recipes = [reseed(it, config.getoption("--base-seed")) for it in recipes]
        judge.computed_on(*recipes)
        networks = trained_networks(config, recipes)
        if change:
            return [measured_network(name, None, change(it)) for it in networks]
        if name == "gap":
            found = values_of(config, "parameters", networks)
            return [replace(it, value=it.gap) for it in found]
        return values_of(config, name, networks)

    return values
