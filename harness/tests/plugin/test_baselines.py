"""A baseline goes red when a figure drifts, comes or goes; rewriting it is for people."""

import pytest

from harness.tests.plugin_helpers import Project

CONFTEST = """
from pathlib import Path

def pytest_configure(config):
    from harness.plugin import baselines

    baselines.BASELINES = Path(__file__).parent / "baselines"
"""

CLAIMS = """
@pytest.mark.fast
@pytest.mark.parametrize("columns", [
    pytest.param(columns, id=name, marks=pytest.mark.baseline(name))
    for name, columns in {
        "kept": {"loss": [1.001, 2.0], "labels": [2**47 + 1] * 2},
        "drifted": {"loss": [1.1, 2.0]},
        "stream": {"labels": [2**47 + 1]},
        "column-gone": {"loss": [1.0]},
        "column-new": {"loss": [1.0], "labels": [3]},
        "shorter": {"loss": [1.0]},
        "longer": {"loss": [1.0, 2.0]},
        "not-a-number": {"loss": [float("nan")]},
        "missing": {"loss": [1.0]},
        "whole-numbers": {"epochs": [20]},
    }.items()
])
def test_it(baseline, columns):
    every = {
        "loss": Tolerance("another CPU", relative=0.01),
        "labels": Tolerance("integers"),
        "epochs": Tolerance("another path", relative=0.4),
    }
    baseline.check(columns, {name: every[name] for name in columns})

@pytest.mark.fast
@pytest.mark.baseline("kept")
def test_no_tolerance(baseline):
    baseline.check({"loss": [1.0], "labels": [3]}, {"loss": Tolerance("another CPU")})
"""
WRITTEN = {
    "kept": f",loss,labels\n0,1.0,{2**47 + 1}\n1,2.0,{2**47 + 1}\n",
    "drifted": ",loss\n0,1.0\n1,2.0\n",
    "stream": f",labels\n0,{2**47}\n",
    "column-gone": ",loss,labels\n0,1.0,3\n",
    "column-new": ",loss\n0,1.0\n",
    "shorter": ",loss\n0,1.0\n1,2.0\n",
    "longer": ",loss\n0,1.0\n",
    "not-a-number": ",loss\n0,1.0\n",
    "whole-numbers": ",epochs\n0,19\n",
}


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "baselines" / "fast" / "cpu"
    folder.mkdir(parents=True)
    for name, text in WRITTEN.items():
        (folder / f"{name}.csv").write_text(text)
    return Project(tmp_path, CLAIMS, CONFTEST)


def read(project):
    return {path.stem: path.read_text() for path in project.folder.rglob("cpu/*.csv")}


def test_a_baseline_fails_on_whatever_drifts_comes_or_goes(project):
    session = project.run()
    passed = [name for name, outcome in session.outcomes.items() if outcome == "PASSED"]
    assert passed == ["test_it[kept]", "test_it[whole-numbers]"]
    assert len(session.outcomes) == 11
    gone = "column-gone.csv has the columns ['labels', 'loss'], the test gives ['loss']"
    assert gone in session.text
    assert "if that is meant, rewrite it with --force-regen" in session.text
    assert "column-new.csv has the columns ['loss'], the test gives ['labels'" in session.text
    after = read(project)
    assert after.pop("missing").split() == [",loss", "0,1"], "written, for review, and failed"
    assert after == WRITTEN, "no other was touched"


def test_ci_refuses_to_rewrite_baselines(project):
    for code, text in project.run_each([["--force-regen"], ["--regen-all"]], CI="true"):
        assert code == pytest.ExitCode.USAGE_ERROR
        assert "rewrite baselines, which CI must not do; run them by hand" in text
    assert read(project) == WRITTEN


def test_a_person_may_rewrite_them_also_the_columns(project):
    session = project.run("--force-regen", "-k", "drifted or column")
    assert session.code == pytest.ExitCode.TESTS_FAILED, "once, so that it is looked at"
    again = project.run("-k", "drifted or column")
    assert set(again.outcomes.values()) == {"PASSED"}
    assert len(again.outcomes) == 3


OF_THE_GPU_TIER = """
@pytest.mark.gpu_full
@pytest.mark.baseline("end")
def test_end(baseline):
    baseline.check({"loss": [1.0]}, {"loss": Tolerance("another CPU")})

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_other(judge):
    judge(share(1.0), ONE)
"""


def test_the_gpu_tier_has_baselines_of_its_own_for_a_cpu(tmp_path):
    """A GPU's are not looked at there, and neither is unused where the other is taken."""
    for backend, loss in (("cuda", 2.0), ("cpu", 1.0)):
        folder = tmp_path / "baselines" / "gpu_full" / backend
        folder.mkdir(parents=True)
        (folder / "end.csv").write_text(f",loss\n0,{loss}\n")
    project = Project(tmp_path, OF_THE_GPU_TIER, CONFTEST)
    on_a_cpu = ["-m", "gpu_full", "--device", "cpu"]
    for (code, text), passed in zip(
        project.run_each([on_a_cpu, []]), ("end", "other"), strict=True
    ):
        assert code == 0 and f"PASSED test_claims.py::test_{passed}" in text and "1 passed" in text
    (tmp_path / "baselines" / "gpu_full" / "cpu" / "end.csv").write_text(",loss\n0,3.0\n")
    assert project.run(*on_a_cpu).outcomes == {"test_end": "FAILED"}
