"""A session that only looks leaves evidence alone; a test's checks all leave theirs."""

import pytest

from harness.tests.plugin_helpers import Project

TWO_CHECKS = """
@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_two(judge):
    judge(exact("first", [0.5], "share"), Attains(1.0, source="Table 9"))
    judge(exact("second", [1.0], "share"), Attains(1.0, source="Table 9"))

@pytest.mark.fast
@pytest.mark.control("2.1-fit")
def test_a_control_that_diverged(judge):
    from dataclasses import replace
    nothing = replace(exact("nothing", [float("nan")], "share"), diverged=True)
    judge(nothing, Attains(1.0, source="Table 9"))

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_harness_error(judge):
    from harness.errors import DataError
    raise DataError("the data are damaged; fetch them")
"""


def test_every_check_is_recorded_and_a_diverged_control_proves_nothing(tmp_path):
    session = Project(tmp_path, TWO_CHECKS).run()
    verdicts = {r.check: r.verdict for r in session.evidence}
    assert verdicts["first"] == "refuted" and verdicts["second"] == "supported"
    assert session.outcomes["test_two"] == "FAILED"
    assert session.outcomes["test_a_control_that_diverged"] == "FAILED"
    assert "the data are damaged; fetch them" in session.text
    assert 'raise DataError("the data' not in session.text, "a traceback nobody needs"


@pytest.mark.parametrize("option", ["--plan", "--collect-only"])
def test_looking_leaves_the_evidence_of_an_earlier_session_alone(tmp_path, option):
    project = Project(tmp_path, TWO_CHECKS)
    project.run()
    evidence = tmp_path / "evidence.jsonl"
    before = evidence.read_text()
    assert before
    project.run(option)
    assert evidence.read_text() == before
