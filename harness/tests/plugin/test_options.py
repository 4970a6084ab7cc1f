"""Options that cannot work are refused at once; a plan trains nothing and says what would."""

import re

import pytest

from harness.plugin import options
from harness.plugin.options import CLAIMS
from harness.tests.plugin_helpers import HEADER, TRUE, Project, fresh

PLANNED = """
SHARED = tiny(5, epochs=3, stop_at_zero_error=True)

@pytest.mark.claim("2.1-fit")
@experiments(
    fast={"both": [SHARED, tiny(6)]},
    cpu_full={"big": [paper_recipe("mlp-3x512", "cifar10", "random-labels")]},
)
def test_claim(runs, judge):
    runs.all

@pytest.mark.control("2.1-fit")
@experiments(fast={"one": [SHARED]})
def test_control(runs, judge):
    runs.all

@pytest.mark.fast
@pytest.mark.baseline("some")
@pytest.mark.needs(training=[tiny(7)])
def test_baseline(runs, baseline):
    runs.all
"""

# Whether a process has imported torch, printed as its session ends.
PRINT_TORCH = """
import sys
def pytest_unconfigure(config):
    print("torch imported:", "torch" in sys.modules)
"""


def recipes(session):
    """What the plan lists: recipe, epochs, number of tests."""
    listed = re.findall(
        r"^ *[\d.]+ % +(?:-|~?[\d:]+ min|\d+ h \d+ min)  (.*): (at most )?(\d+) epochs; (\d+) test",
        session.text,
        re.M,
    )
    return {(recipe, bool(at_most), int(n), int(tests)) for recipe, at_most, n, tests in listed}


def on_digits(seed):
    return f"mlp-1x16 on digits (n = 32), random labels, seed {seed}"


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, PLANNED, conftest=PRINT_TORCH)


TOGETHER = " and 1 more as one job"
"""One process trains what is of one shape for all of its tests."""


@pytest.mark.parametrize(
    ("workers", "shared"),
    [([], [on_digits(7) + TOGETHER]), (["-n", "2"], [on_digits(6), on_digits(7)])],
    ids=["alone", "-n 2"],
)
def test_a_plan_lists_each_job_once_and_trains_nothing(project, workers, shared):
    session = project.run("--plan", *workers, start=fresh)
    assert session.code == pytest.ExitCode.OK
    alike = {(job, False, 2, 1) for job in shared}
    assert recipes(session) == {(on_digits(5), True, 3, 2), *alike}
    assert f"3 trainings in {1 + len(shared)} jobs for 3 tests" in session.text
    assert re.findall("torch imported: (.*)", session.text) == ["False"], "one process, no torch"
    assert not session.outcomes
    assert not project.runs.exists()


TRAINS = (
    TRUE
    + """
@pytest.mark.claim("2.1-fit")
@experiments(fast={"recipe": [tiny()]})
def test_recipe(runs, judge):
    raise AssertionError("must not run")
"""
)


REFUSED = {
    "--base-seed=-1": "--base-seed.*'-1', but .*from 0 up",
    "--device=cuda": "device 'cuda' .* finds 0 CUDA devices here.*use --device cpu",
    "--steps=graph": "steps = 'graph' needs a CUDA device, and this is 'cpu'",
    "--budget=nan": "'nan', but it should be a number from 0 up",
    "--budget=9 --recorded": "limits the runs of this process; leave out --recorded",
    "--recorded --arch=mlp-1x8": "leave out --arch",
    "--ray-address=a:1": "--ray-address is for --engine ray",
    "--measure=nonsense": "no built-in measure; known are parameters, path-norm",
    "--optimizer=torch.optim:LBFGS": "torch.optim:LBFGS needs a closure",
    "--evidence=file/e.jsonl": r"file/e\.jsonl: cannot write there \(Not a directory\)",
    "--evidence=folder": "--evidence folder is a folder; name a file in it",
    "--report=file": r"--report file: cannot write there \(File exists\)",
    "-mcpu_ful": "unknown .*'cpu_ful'; nearest: cpu_full.*; known: (?!.*cpu_full,.*cpu_full,)",
    # The last: Hypothesis stays with a profile that there is none of.
    "--hypothesis-profile=zz": "--hypothesis-profile zz.* are fast, ci, thorough",
}


def test_what_cannot_work_is_refused_at_once(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    project = Project(tmp_path, TRAINS)
    done = project.run_each(["-p_hypothesis_pytestplugin", *it.split()] for it in REFUSED)
    for (code, text), (words, message) in zip(done, REFUSED.items(), strict=True):
        assert code == pytest.ExitCode.USAGE_ERROR, text
        assert re.search(message, " ".join(text.split())), words
        for word in ("Traceback", "INTERNALERROR", "_seed value", "must not run"):
            assert word not in text, words


def test_the_plugin_serves_a_folder_of_its_own_and_writes_the_scorecard(tmp_path):
    """By -p, without a conftest, and for a class of tests."""
    project = Project(tmp_path, TRUE)
    (tmp_path / "conftest.py").unlink()
    again = TRUE.replace("test_it(judge)", "test_it(self, judge)").replace("\n", "\n    ")
    (tmp_path / "test_claims.py").write_text(f"{HEADER}\nclass TestAll:\n    {again}")
    session = project.run("-p", "harness.plugin", "--report", "report/deep")
    assert session.outcomes == {"TestAll::test_it": "PASSED"}
    card = (tmp_path / "report" / "deep" / "scorecard.txt").read_text()
    assert card in session.text
    assert max(map(len, card.splitlines())) <= 100
    assert "1 of 58 claims judged: 1 supported" in card
    assert "recorded at the paper's size: " in card
    assert "scorecard: report/deep/scorecard.txt" in session.text


def test_many_jobs_that_differ_in_draw_seed_or_replacement_share_a_line():
    """Their arithmetic is summed, and nothing is left out."""
    from harness.plugin.plan import MANY, _lines
    from harness.training.protocol import paper_recipe

    signs = [paper_recipe("linear", "digits", "random-signs", label_draw=i) for i in range(MANY)]
    seeds = [paper_recipe("linear", "digits", "true-labels", seed=i) for i in range(MANY - 1)]
    jobs = [[signs[0]], *([seed] for seed in seeds), *([it] for it in signs[1:])]
    one_by_one = f" and {MANY - 1} variants, one by one"
    assert _lines(jobs) == [(signs, one_by_one), *(([seed], "") for seed in seeds)]
    assert _lines([signs, seeds[:2], seeds[2:3]]) == [
        (signs, f" and {MANY - 1} more as one job"),
        (seeds[:2], " and 1 more as one job"),
        (seeds[2:3], ""),
    ]


def test_the_plan_of_a_gpus_tier_has_a_gpus_jobs_also_where_there_is_none(tmp_path):
    """All corruption levels of MLP 1x512 are one job there, and on a CPU one each."""
    source = """
from claims.section2_capacity.test_partial_corruption import MLP_ON_CIFAR10

@pytest.mark.claim("2.1-error-grows")
@experiments(gpu_full=MLP_ON_CIFAR10)
def test_claim(runs, judge):
    runs.all
"""
    project = Project(tmp_path, source)
    plan = ["--plan", "-m", "gpu_full", "--data-root", "nowhere"]
    (code, on_a_gpu), (_, on_a_cpu) = project.run_each(
        [plan, [*plan, "--device", "cpu"]], PYTHONPATH=str(CLAIMS.parent)
    )
    assert code == 0
    assert "true labels, seed 0 and 10 more as one job: at most 100 epochs; 1 test" in on_a_gpu
    assert "11 trainings in 1 jobs for 1 tests, in the order in which a GPU" in on_a_gpu
    assert "11 trainings in 11 jobs for 1 tests, in the order in which a CPU" in on_a_cpu


WARNS = """
import warnings

def test_it():
    warnings.warn("old", DeprecationWarning, stacklevel=1)
"""


def test_a_newer_numpy_only_warns(tmp_path):
    """With the versions that were tried a warning is an error."""
    project = Project(tmp_path, WARNS)
    assert project.run().outcomes == {"test_it": "FAILED"}
    newer = """
from harness import environment

environment.version = lambda package: "99.0" if package == "numpy" else "0.1"
"""
    session = Project(tmp_path, WARNS, newer).run(start=fresh)
    assert session.outcomes == {"test_it": "PASSED"} and "DeprecationWarning: old" in session.text
    assert "warnings are shown and not raised: not tried with numpy 99.0 yet" in session.text


def test_workers_start_with_their_share_of_the_cores(monkeypatch):
    """Set in the worker, it came too late: the plugin has NumPy, whose threads then fought."""
    monkeypatch.setattr(options, "available_cores", lambda: 8)
    monkeypatch.setattr(options.os, "environ", {})
    options.pytest_xdist_setupnodes(["a", "b", "c"])
    assert options.os.environ == {"OMP_NUM_THREADS": "2"}
