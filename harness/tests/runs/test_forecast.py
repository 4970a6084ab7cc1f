"""The times of a plan are estimated from finished runs."""

from dataclasses import replace

import pytest

from harness.runs.budget import Forecast
from harness.runs.run import Run
from harness.tests.evidence_helpers import trained
from harness.tests.plugin_helpers import Project
from harness.training.recipe import Recipe

RECIPE = Recipe(model="mlp-1x512", dataset="digits", train_size=100, epochs=10)


def run(seconds: float, epochs: int = 10, device: str = "cpu", recipe: Recipe = RECIPE) -> Run:
    made = trained(recipe=recipe, seconds=seconds, loss=[1.0] * epochs)
    return replace(made, device=device)


def test_a_trained_network_takes_its_median_time_for_each_epoch_and_image():
    forecast = Forecast([run(20.0), run(5.0, epochs=5), run(30.0, epochs=10)])
    assert forecast.seconds(RECIPE) == (pytest.approx(20.0), True), "the median"
    twice = replace(RECIPE, epochs=20, train_size=200)
    assert forecast.seconds(twice) == (pytest.approx(80.0), True)


def test_another_network_is_estimated_by_its_arithmetic():
    other = replace(RECIPE, model="inception")
    seconds, known = Forecast([run(20.0)]).seconds(other)
    assert not known and seconds == pytest.approx(20.0 * other.cost / RECIPE.cost)
    larger = replace(RECIPE, dataset="cifar10")
    assert Forecast([run(20.0)]).seconds(larger) is None, "images of another size"


def test_only_the_device_of_the_newest_run_counts():
    forecast = Forecast([run(1.0, device="cuda"), run(20.0)])
    assert forecast.device == "cpu" and forecast.seconds(RECIPE)[0] == pytest.approx(20.0)
    assert Forecast([]).seconds(RECIPE) is None and Forecast([]).device == ""


PLAN = """
@pytest.mark.claim("2.1-fit")
@experiments(fast={"short": [tiny()], "long": [tiny(train_size=64)]})
def test_it(runs, judge):
    judge(accuracy("x", runs.all, "train"), AtLeast(0.0, source="none"), otherwise="none")
"""


def test_a_plan_lists_the_longest_jobs_first_with_their_times(tmp_path):
    project = Project(tmp_path, PLAN)
    (_, before), _, (_, after) = project.run_each((["--plan"], ["-k", "short"], ["--plan"]))
    assert "no times: the store has no finished training of this machine yet" in before
    first, second = (line for line in after.splitlines() if "mlp-1x16 on digits" in line)
    assert "n = 64" in first and "n = 32" in second
    assert "~" not in first and "\u00a0s  mlp-1x16" in first, "it has trained here"
    assert "expected: " in after and " on cpu, one after the other" in after


SHARED = """
LONG = [tiny(epochs=60), tiny(epochs=50)]

@pytest.mark.claim("2.1-fit")
@experiments(fast={"middle": [tiny(epochs=9), tiny(seed=1, epochs=9)]})
def test_middle(runs, judge):
    judge(share(1.0), ONE)

@pytest.mark.claim("2.1-fit")
@experiments(fast={"long": LONG})
def test_long(runs, judge):
    judge(share(1.0), ONE)

@pytest.mark.claim("2.1-fit")
@experiments(gpu_full={str(n): [it] for n, it in enumerate(LONG)})
def test_of_another_tier_that_needs_the_same(runs, judge):
    judge(share(1.0), ONE)
"""


def test_a_deselected_test_does_not_change_the_order(tmp_path):
    session = Project(tmp_path, SHARED).run("-m", "fast", "--collect-only", "-q")
    found = [name for name in ("test_long", "test_middle") if name in session.text]
    assert sorted(found, key=session.text.index) == ["test_long", "test_middle"], session.text
