"""JUnit properties of a claim's test: claim, role, tier, verdict, and one for each check.

The verdict is the scorecard's: an expected failure that failed "does not reproduce". The properties
travel in the test's report, as text, so that they are the same under xdist. `pytest --junitxml
FILE` writes them.
"""

from typing import Any

import pytest

from harness.evidence import ClaimNotSupported, ControlNotRefuted
from harness.evidence.record import Verdict
from harness.plugin.tiers import claim_of, tier_of

VERDICTS = pytest.StashKey[list[str]]()
"""Of the test's checks, in the order in which they were judged."""

WORST_FIRST = ("not run", "refuted", "inconclusive", "supported")
FOR_CONTROLS = ("not run", "supported", "inconclusive", "refuted")
"""A control is there to be refuted."""


def add_check(item: pytest.Item, claim: str, check: str, verdict: Verdict) -> None:
    """Add a judged check; called by `judge`."""
    item.stash.setdefault(VERDICTS, []).append(verdict)
    item.user_properties.append((f"{claim}: {check}", str(verdict)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """Add the claim and the worst verdict of its checks once the test has ended."""
    claim, control = claim_of(item)
    if claim and call.when in ("setup", "call") and _crashed(call):
        item.stash.setdefault(VERDICTS, []).append("not run")
    report = yield
    if claim and report.when == "teardown":
        order = FOR_CONTROLS if control else WORST_FIRST
        verdict = min(item.stash.get(VERDICTS, ["not run"]), key=order.index)
        if item.get_closest_marker("xfail") and verdict in ("refuted", "inconclusive"):
            verdict = "does not reproduce"
        report.user_properties += [
            ("claim", claim),
            ("role", "control" if control else "claim"),
            ("tier", tier_of(item)),
            ("verdict", verdict),
        ]
    return report


def _crashed(call: pytest.CallInfo) -> bool:
    """Whether the test ended by an exception that is no verdict."""
    verdicts = (ClaimNotSupported, ControlNotRefuted)
    return call.excinfo is not None and not call.excinfo.errisinstance(verdicts)
