"""Solves in the store: kept, found, damaged, shared; measurements on them; their figures."""

import json
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock

from harness.errors import HarnessError
from harness.evidence import error_ratio
from harness.linear.examples import examples
from harness.linear.outcome import Fit, SolveOutcome, packed
from harness.linear.recipe import ConvNetRecipe, KernelRecipe, label_name
from harness.linear.solve import solve
from harness.runs import solver
from harness.runs.run import Solve
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.plugin_helpers import Project

RECIPE = KernelRecipe(dataset="digits", gamma=0.05, train_size=60, corruptions=(0.0, 1.0))
CONVNET = ConvNetRecipe(dataset="digits", patch=3, train_size=60, filters=(12,))
TRUE = "true labels"


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solves")
    return Runner(Store(folder)).run(RECIPE)


def test_a_solve_survives_json(solved):
    again = Solve.from_json(solved.to_json())
    assert again == solved
    assert again.outcome[TRUE].train_error == 0
    assert again.outcome["random labels"].test_error > 0.7
    assert len(again.outcome[TRUE].is_right()) == 1_000
    with pytest.raises(HarnessError, match="no fit 'noisy'; there are: true labels, random labels"):
        again.outcome["noisy"]


def test_a_solve_is_made_once(tmp_path, solved, monkeypatch):
    notices = []
    runner = Runner(Store(tmp_path, notice=notices.append))
    runner.store.keep(solved)
    assert runner.run(RECIPE) == solved
    path = tmp_path / solved.key / "solve.json"
    path.write_text("damaged")
    again = runner.run(RECIPE)
    assert again.outcome.fits == solved.outcome.fits and len(notices) == 1
    assert [it.key for it in runner.store.runs()] == [solved.key]
    assert Store(tmp_path).trainings() == []


@pytest.mark.parametrize("ridge", [None, 0.3])
def test_figures_of_a_fit_are_numpys(ridge):
    """Solved in NumPy: errors, the RKHS norm over all classes, the worst misfit."""
    recipe = replace(RECIPE, ridge=ridge)
    data, outcome = examples(recipe, None), solve(recipe, None, "cpu")
    x, z = (it.flatten(1).numpy() / 255 for it in (data.images, data.test_images))

    def gram(left, right):
        return np.exp(-RECIPE.gamma * ((left[:, None] - right[None]) ** 2).sum(2))

    for corruption in RECIPE.corruptions:
        labels = data.corrupted(corruption, RECIPE.seed)
        targets = np.eye(10)[labels.numpy()]
        alpha = np.linalg.solve(gram(x, x) + (ridge or 0) * np.eye(len(x)), targets)
        fitted = gram(x, x) @ alpha
        fit = outcome[label_name(corruption)]
        right = (gram(z, x) @ alpha).argmax(1) == data.test_labels.numpy()
        assert fit.is_right() == right.tolist() and fit.test_correct == right.sum()
        assert fit.train_correct == (fitted.argmax(1) == labels.numpy()).sum()
        assert fit.norm == pytest.approx(np.sqrt(np.trace(fitted.T @ alpha)), rel=1e-5)
        assert fit.worst_error == pytest.approx(np.abs(fitted - targets).max(), abs=1e-5)
        assert fit.worst_error > 0.1 if ridge else fit.train_correct == len(x)


def test_an_interrupted_solve_leaves_nothing_and_frees_its_lock(tmp_path):
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Runner(Store(tmp_path), on_progress=interrupt).run(RECIPE)
    assert not list(tmp_path.glob("*/solve.json"))
    Runner(Store(tmp_path)).run(RECIPE)


def test_large_solves_wait_for_each_other(tmp_path, monkeypatch):
    """Those of another store, too: they share the machine's memory."""
    monkeypatch.setattr("harness.runs.solver.memory_needed", lambda it: int(solver.LARGE))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    other, reports = FileLock(solver.turn_file()), []

    def hear(progress):
        reports.append(str(progress))
        other.release()

    other.acquire()
    Runner(Store(tmp_path / "store"), on_progress=hear).run(RECIPE)
    assert "waits for the memory that another solve holds; needs 1.0 GB" in reports[0]


def test_small_solves_do_not_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with FileLock(solver.turn_file()):
        Runner(Store(tmp_path / "store")).run(RECIPE)


@pytest.mark.parametrize("recipe", [RECIPE, CONVNET])
def test_a_solve_reports_its_progress(recipe, tmp_path):
    reports = []
    Runner(Store(tmp_path), on_progress=reports.append).run(recipe)
    shares = [it.share for it in reports if it.phase == "factorisation"]
    assert shares and shares == sorted(shares) and shares[-1] == 1
    assert {it.recipe for it in reports} == {recipe}


# --- Measurements ----------------------------------------------------------------------------


def solve_with(right, label=TRUE):
    fit = Fit(label, 5, 5, sum(right), len(right), packed(right), 2.0, 0.0)
    return Solve("key", RECIPE, SolveOutcome((fit,), {}), "fp32", "cpu", 7.0, "", {})


def test_ratios_are_paired_by_image():
    one = solve_with([True] * 900 + [False] * 100)
    half = solve_with([True] * 950 + [False] * 50)
    measured = error_ratio("r", [half], TRUE, [one], TRUE)
    assert measured.values == (0.5,)
    # All of the half's errors are the other's too: without the pairing it would be 0.35 to 0.7.
    assert measured.interval == pytest.approx((0.40, 0.60), abs=0.015)


# --- The plugin ------------------------------------------------------------------------------

SOLVES = """
from harness.linear.recipe import KernelRecipe, ConvNetRecipe
RECIPE = KernelRecipe(dataset="digits", gamma=0.05, train_size=40)

@pytest.mark.fast
@pytest.mark.claim("5-mnist")
@pytest.mark.needs(pixels=[RECIPE])
def test_it(runs, judge):
    error = share_of_errors("e", runs["pixels"], "true labels")
    judge(error, AtMost(0.5, source="x"), otherwise="none")
"""


def test_a_test_solves_what_its_plan_names_with_the_sessions_seed(tmp_path):
    (_, plan), (code, text) = Project(tmp_path, SOLVES).run_each([["--plan"], ["--base-seed", "3"]])
    assert "exp(-0.05 d^2) on digits (n = 40), pixels, seed 0: a kernel matrix of 40" in plan
    assert "1 solves in 1 jobs for 1 tests" in plan
    assert code == 0, text
    (kept,) = tmp_path.glob("runs/*/solve.json")
    assert json.loads(kept.read_text())["recipe"]["seed"] == 3_000
