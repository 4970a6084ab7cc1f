"""``pytest -m cpu_full -k records``: every record against the first steps of today's code."""

from dataclasses import replace

import pytest

from harness.linear.recipe import KernelRecipe
from harness.runs.records import RECORDS, Records, read_record
from harness.runs.reproduction import differences
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.training_helpers import tiny_recipe

NAMES = sorted(path.relative_to(RECORDS).as_posix() for path in RECORDS.rglob("*.json"))


@pytest.mark.parametrize(
    "name", [pytest.param(it, marks=pytest.mark.needs_data(it.split("/")[0])) for it in NAMES]
)
@pytest.mark.cpu_full
@pytest.mark.record
def test_records_are_what_todays_code_trains(name, request):
    found = differences(read_record(RECORDS / name), request.config.getoption("--data-root"))
    assert not found, f"{RECORDS / name} is not what today's code makes: {'; '.join(found)}"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return Runner(Store(folder), "cpu", threads=1).run(tiny_recipe(label_corruption=1.0))


def test_a_run_of_this_code_is_reproduced(run):
    assert differences(run) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"label_digest": "0" * 16}, "the hash of its labels"),
        ({"order_digest": "0" * 16}, "the hash of its order"),
        ({"first_losses": [2.0] * 6}, "the loss of step 1 is"),
        ({"first_losses": [float("nan")] * 6}, "the loss of step 1 is"),
    ],
)
def test_a_difference_is_named(run, changes, difference):
    other = replace(run, outcome=replace(run.outcome, **changes))
    assert difference in "; ".join(differences(other))


def test_another_seed_rate_or_network_is_noticed(run):
    for changes in ({"seed": 1}, {"learning_rate": 0.1}, {"model": "mlp-1x32"}):
        assert differences(replace(run, recipe=replace(run.recipe, **changes))), changes


def test_a_solve_is_compared_with_its_probe(tmp_path):
    recipe = KernelRecipe(dataset="digits", gamma=0.05)
    solve = Runner(Store(tmp_path), "cpu").run(recipe)
    assert differences(solve) == []
    other = replace(solve, recipe=replace(recipe, gamma=0.06))
    assert "its probe's norm" in "; ".join(differences(other))
    facts = {**solve.outcome.facts, "probe": None}
    without = replace(solve, outcome=replace(solve.outcome, facts=facts))
    assert "no probe" in differences(without)[0]


def test_all_records_can_be_read():
    assert len(Records.load().by_path) == len(NAMES)
