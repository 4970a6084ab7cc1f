"""A test that is tried again (pytest-rerunfailures): its last attempt counts, and says so."""

from collections.abc import Sequence

import pytest

from harness.evidence.record import Evidence
from harness.plugin.junit import JUDGED
from harness.plugin.options import SESSION, Session
from harness.plugin.tiers import claim_of

EARLIER = pytest.StashKey[list[str]]()
"""The outcome of each earlier attempt, in words."""
LONGEST = 200
"""Characters of the error of an earlier attempt."""


def pytest_configure(config: pytest.Config) -> None:
    """The controller's reports become JUnit's file."""
    config.pluginmanager.register(SupersededReports(), "claims-superseded-reports")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Withdraw the records of an earlier attempt of this test."""
    if not claim_of(item)[0]:
        return
    judged = item.stash.get(JUDGED, None)
    item.stash[JUDGED] = []
    if judged is None:
        return
    session, earlier = item.config.stash[SESSION], item.stash.setdefault(EARLIER, [])
    session.withdraw_lines(".jsonl", {it.to_line() for it in judged})
    earlier.append(outcome(judged))
    number = len(earlier) + 1
    others = [it for it in item.user_properties if it[0] != "attempt"]
    item.user_properties[:] = [*others, ("attempt", str(number))]
    session.notify(f"{item.nodeid}: attempt {number} counts; {earlier[-1]}")


def outcome(records: Sequence[Evidence]) -> str:
    """The records of an attempt that does not count, in words."""
    checks = [
        f"{it.check} ({it.reason[:LONGEST]})"
        if it.verdict == "not run"
        else f"{it.check}: {it.verdict}"
        for it in records
    ]
    return f"the one before: {'; '.join(checks) or 'judged nothing'}"


def note_on(item: pytest.Item) -> str:
    """A note for the records of a test that was tried before; empty for any other."""
    earlier = item.stash.get(EARLIER, [])
    return f"attempt {len(earlier) + 1}; {earlier[-1]}" if earlier else ""


def supersede_dead(found: dict[str, list[Evidence]], process: str, session: Session) -> None:
    """Drop a dead process's records of its last test, where another process has tried it again."""
    test = found[process][-1].test if found[process] else ""
    again = [it for other in found if other != process for it in found[other] if it.test == test]
    if again:
        earlier = outcome([it for it in found[process] if it.test == test])
        found[process] = [it for it in found[process] if it.test != test]
        session.notices.append(f"{test}: its last attempt counts; {earlier}")
        for record in again:
            record.notes.append(f"a later attempt; {earlier}")


class SupersededReports:
    """Takes the verdict out of the report of an attempt that does not count."""

    def __init__(self) -> None:
        self.tests: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """pytest-rerunfailures calls an outcome "rerun"; an attempt begins with its set-up."""
        if report.when == "setup":
            self.tests.discard(report.nodeid)
        if report.outcome == "rerun":
            self.tests.add(report.nodeid)
        if report.when == "teardown" and report.nodeid in self.tests:
            report.user_properties = [("attempt", "tried again")]
