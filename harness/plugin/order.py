"""The order of a session's tests: what trains longest first, so that no process is left waiting.

With ``--budget``: the most valuable first, as claims/order.txt has it.
"""

from fnmatch import fnmatchcase
from functools import cache

import pytest

from harness.errors import UnknownName
from harness.evidence.catalogue import find
from harness.plugin.experiments import Experiment, work_of
from harness.plugin.options import CLAIMS, SESSION
from harness.plugin.tiers import claim_of

VALUE = CLAIMS / "order.txt"


@cache
def lines_of_value() -> list[tuple[str, str]]:
    """Each line of claims/order.txt: a claim's id, and the label of its experiments."""
    lines = (line.partition("#")[0].split() for line in VALUE.read_text("utf-8").splitlines())
    return [(words[0], words[1] if len(words) > 1 else "*") for words in lines if words]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse a line with a claim that is none."""
    if config.getoption("--budget") is None:
        return
    try:
        for claim, _ in lines_of_value():
            find(config.stash[SESSION].catalogue, claim)
    except UnknownName as error:
        raise pytest.UsageError(f"{VALUE}: {error}") from error


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Last, for a test that ``-m`` or ``-k`` deselects trains nothing for the others."""
    if config.getoption("--budget") is None:
        longest_first(items)
    else:
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """The first line that means the test; behind all lines if none does."""
    claim, _ = claim_of(item)
    experiment = getattr(item, "callspec", None) and item.callspec.params.get("runs")
    label = experiment.label if isinstance(experiment, Experiment) else ""
    lines = lines_of_value()
    fits = (i for i, (id_, glob) in enumerate(lines) if id_ == claim and fnmatchcase(label, glob))
    return next(fits, len(lines))


def longest_first(items: list[pytest.Item]) -> None:
    """Sort by the work that a test is the first to need; those without any, mostly short, last.

    A recipe counts for the test with the fewest recipes that names it. A test that shares one with
    such a test comes after all that share none: otherwise it would wait for another process to
    train it. The order depends on the recipes alone.
    """
    owner: dict[object, pytest.Item] = {}
    for item in sorted(items, key=lambda item: len(work_of(item))):
        for recipe in work_of(item):
            owner.setdefault(recipe, item)
    cost: dict[pytest.Item, float] = dict.fromkeys(items, 0.0)
    for recipe, item in owner.items():
        cost[item] += recipe.cost
    shares = {item: any(owner[recipe] is not item for recipe in work_of(item)) for item in items}
    items.sort(key=lambda item: (not work_of(item), shares[item], -cost[item]))
