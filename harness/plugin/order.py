"""The order of a session's tests: what trains longest first, so that no process is left waiting."""

import pytest

from harness.plugin.experiments import work_of


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last, for a test that ``-m`` or ``-k`` deselects trains nothing for the others."""
    _longest_first(items)


def _longest_first(items: list[pytest.Item]) -> None:
    """Sort by the work that a test is the first to need; the rest keep their order behind it.

    A recipe counts for the test with the fewest recipes that names it, so that tests that judge
    many runs together come after those that train them. The order depends on the recipes alone.
    """
    owner: dict[object, pytest.Item] = {}
    for item in sorted(items, key=lambda item: len(work_of(item))):
        for recipe in work_of(item):
            owner.setdefault(recipe, item)
    cost: dict[pytest.Item, float] = dict.fromkeys(items, 0.0)
    for recipe, item in owner.items():
        cost[item] += recipe.cost
    judges_only = {item: bool(work_of(item)) and cost[item] == 0 for item in items}
    items.sort(key=lambda item: (judges_only[item], -cost[item]))
