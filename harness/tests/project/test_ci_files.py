"""The hosted CI runs the scripts that people run, and the wheel holds what the report needs."""

import re

import pytest
import yaml

from harness.plugin.options import CLAIMS
from harness.report import page

ROOT = CLAIMS.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / "ci" / "github").glob("*/action.yml"))
FILES = [*WORKFLOWS, *ACTIONS]


def steps(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "runs" in content:
        assert content["runs"]["using"] == "composite"
        return content["runs"]["steps"]
    return [step for job in content["jobs"].values() for step in job["steps"]]


def test_there_is_a_workflow_for_the_fast_tier_and_one_for_a_gpu():
    assert [path.stem for path in WORKFLOWS] == ["fast", "gpu"]
    assert {path.parent.name for path in ACTIONS} == {"environment", "fast", "gpu", "publish"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_only_says_where_and_when(path):
    used = [step["uses"] for step in steps(path)]
    assert used == ["actions/checkout@v4", f"./ci/github/{path.stem}"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_step_calls_is_here(path):
    for step in steps(path):
        if step.get("uses", "").startswith("./"):
            assert (ROOT / step["uses"] / "action.yml").is_file()
        for script in re.findall(r"^\s*(ci/\w+)", step.get("run", ""), re.MULTILINE):
            assert (ROOT / script).stat().st_mode & 0o111, f"{script} is not executable"
        if "run" in step:
            assert step["shell"] == "bash"


def test_the_hosted_ci_has_what_tests_are_skipped_without():
    """A browser and Ray: an own machine may lack them, and the tests say so."""
    told = "".join(step.get("run", "") for step in steps(ROOT / "ci/github/fast/action.yml"))
    assert re.findall(r"^\s*(ci/\w+)", told, re.MULTILINE) == ["ci/browser", "ci/ray", "ci/test"]
    assert "'.[cluster]'" in (ROOT / "ci/ray").read_text(encoding="utf-8")


def test_both_publish_the_scorecard_and_the_report():
    for name in ("fast", "gpu"):
        used = [step.get("uses") for step in steps(ROOT / "ci" / "github" / name / "action.yml")]
        assert used[-1] == "./ci/github/publish"
    told = str(steps(ROOT / "ci" / "github" / "publish" / "action.yml"))
    assert "GITHUB_STEP_SUMMARY" in told and "scorecard.txt" in told and "upload-artifact" in told


def test_templates_are_in_the_package():
    """Hatch packages every file below harness that git does not ignore."""
    folder = ROOT / "harness" / "report" / "templates"
    assert {path.name for path in folder.iterdir()} == {"parts.html", "report.html", "style.css"}
    assert page.__file__.startswith(str(folder.parent))
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "/report/" in ignored and "report/" not in ignored and "*.html" not in ignored
