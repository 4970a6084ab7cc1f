"""JUnit's properties of a claim's test: ``claim``, ``role``, ``verdict``, and a line a check.

The verdict is the scorecard's: a strict expected failure that failed "does not reproduce".

They travel in the test's report, so that they are the same under xdist; text only, because xdist
sends nothing else. `pytest --junitxml FILE` writes them.
"""

from typing import Any

import pytest

from harness.evidence import ClaimNotSupported, ControlNotRefuted
from harness.evidence.verdict import Verdict
from harness.plugin.tiers import claim_of, tier_of

VERDICTS = pytest.StashKey[list[str]]()
"""Of the test's checks, in the order in which they were judged."""

WORST_FIRST = ("not run", "refuted", "inconclusive", "supported")
FOR_CONTROLS = ("not run", "supported", "inconclusive", "refuted")
"""A control is there to be refuted."""


def add_check(item: pytest.Item, claim: str, check: str, verdict: Verdict) -> None:
    """Note a judged check; called by `judge`."""
    item.stash.setdefault(VERDICTS, []).append(verdict)
    item.user_properties.append((f"{claim}: {check}", str(verdict)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """Add the claim and the worst verdict of its checks once the test is over."""
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
    """Whether it ended by anything else than a verdict."""
    verdicts = (ClaimNotSupported, ControlNotRefuted)
    return call.excinfo is not None and not call.excinfo.errisinstance(verdicts)
