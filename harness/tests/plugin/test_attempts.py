"""A test that is tried again: its last attempt counts in scorecard, evidence and JUnit's file."""

import xml.etree.ElementTree as ElementTree

import pytest

from harness.evidence.record import Evidence, read_evidence
from harness.plugin.options import Session
from harness.tests.plugin_helpers import PLUGINS, Project

FLAKY = """
import signal

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_it(judge):
    first = not os.path.exists("tried.txt")
    open("tried.txt", "w").close()
    if os.environ["FIRST"] == "crashes" and first:
        raise RuntimeError("out of memory")
    judge(share(0.5 if os.environ["FIRST"] == "is refuted" and first else 1.0), ONE)
    if os.environ["FIRST"] == "dies" and first:
        os.kill(os.getpid(), signal.SIGKILL)
"""

# What pytest-rerunfailures does, as far as it matters here.
AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl
def pytest_runtest_protocol(item, nextitem):
    for last in (False, True):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        for report in reports:
            if failed and not last:
                report.outcome = "rerun" if report.failed else report.outcome
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if not failed:
            return True
    return True
"""
OURS, THEIRS = (AGAIN, (), ()), ("", ("pytest_rerunfailures",), ("--reruns", "2"))


@pytest.mark.parametrize("by", [OURS, THEIRS], ids=["imitated", "pytest-rerunfailures"])
@pytest.mark.parametrize(
    ("first", "words", "earlier"),
    [
        ("crashes", (), "ended before it judged (out of memory)"),
        ("is refuted", (), "a share: refuted"),
        ("crashes", ("-n", "1"), "ended before it judged (out of memory)"),
        ("dies", ("-n", "1"), "died in it)"),
    ],
)
def test_the_last_attempt_counts_and_says_so(tmp_path, by, first, words, earlier):
    conftest, plugins, options = by
    for name in plugins:
        pytest.importorskip(name, reason="pip install pytest-rerunfailures")
    if first == "dies" and not plugins:
        pytest.skip("a process that died is tried again by pytest-rerunfailures alone")
    session = Project(tmp_path, FLAKY, conftest).run(
        *options, *words, "--junitxml", "j.xml", plugins=(*PLUGINS, *plugins), env={"FIRST": first}
    )
    assert session.code == 0, session.text
    (record,) = session.evidence
    assert (record.verdict, record.as_it_should) == ("supported", True)
    assert earlier in record.notes[0] and "attempt" in record.notes[0]
    assert "notice: test_claims.py::test_it: " in session.text and earlier in session.text
    assert "claims judged: 1 supported" in session.text

    cases = [
        [(it.get("name"), it.get("value")) for it in case.iter("property")]
        for case in ElementTree.parse(tmp_path / "j.xml").iter("testcase")
    ]
    found = [it for case in cases for it in case]
    assert [value for name, value in found if name == "verdict"] == ["supported"]
    assert [value for name, value in found if name == "2.1-fit: a share"] == ["supported"]
    if first != "dies":
        assert ("attempt", "2") in cases[-1]


def test_an_earlier_attempt_whose_records_are_held_is_withdrawn_too(tmp_path):
    session = Session(tmp_path, started=0.0, held={})
    one, other = (
        Evidence("2.1-fit", "a share", False, "refuted", [0.5], "share", test=test).to_line()
        for test in ("one", "other")
    )
    session.add_line(".jsonl", one)
    session.add_line(".jsonl", other)
    session.withdraw_lines(".jsonl", {one})
    assert not list(tmp_path.iterdir())
    session.release()
    assert [it.test for it in read_evidence(tmp_path / "main.jsonl")[0]] == ["other"]
