"""The hosted CI runs the scripts that people run; the wheel holds what the report needs."""

import re

import pytest
import yaml

from harness.plugin.options import CLAIMS
from harness.report import page

ROOT = CLAIMS.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = {path.parent.name: path for path in sorted((ROOT / "ci" / "github").glob("*/action.yml"))}


def steps(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "runs" in content:
        assert content["runs"]["using"] == "composite"
        return content["runs"]["steps"]
    return [step for job in content["jobs"].values() for step in job["steps"]]


def scripts(text):
    return re.findall(r"^\s*(ci/\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_only_says_where_and_when(path):
    used = [step["uses"] for step in steps(path)]
    assert used == ["actions/checkout@v4", f"./ci/github/{path.stem}"]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS.values()], ids=lambda path: path.parent.name)
def test_what_a_step_calls_exists(path):
    for step in steps(path):
        if step.get("uses", "").startswith("./"):
            assert (ROOT / step["uses"] / "action.yml").is_file()
        for script in scripts(step.get("run", "")):
            assert (ROOT / script).stat().st_mode & 0o111, f"{script} is not executable"
        assert "run" not in step or step["shell"] == "bash"


def test_the_hosted_ci_installs_what_tests_are_skipped_without():
    run = "".join(step.get("run", "") for step in steps(ACTIONS["fast"]))
    assert scripts(run) == ["ci/browser", "ci/ray", "ci/test"]
    assert "'.[cluster]'" in (ROOT / "ci/ray").read_text(encoding="utf-8")


@pytest.mark.parametrize("tier", ["fast", "gpu"])
def test_the_scorecard_and_the_report_are_published(tier):
    assert [path.stem for path in WORKFLOWS] == ["fast", "gpu"]
    assert steps(ACTIONS[tier])[-1]["uses"] == "./ci/github/publish"
    published = str(steps(ACTIONS["publish"]))
    for word in ("GITHUB_STEP_SUMMARY", "scorecard.txt", "upload-artifact"):
        assert word in published


def test_templates_are_in_the_package():
    """Hatch packages every file below harness that git does not ignore."""
    folder = ROOT / "harness" / "report" / "templates"
    assert {path.name for path in folder.iterdir()} >= {"report.html", "style.css"}
    assert page.__file__.startswith(str(folder.parent))
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "/report/" in ignored and "report/" not in ignored and "*.html" not in ignored
