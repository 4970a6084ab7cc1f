"""JUnit properties of a claim's test: claim, role, tier, verdict, and one for each check.

The verdict is the scorecard's: an expected failure that failed "does not reproduce". The properties
travel in the test's report, as text, so that they are the same under xdist. `pytest --junitxml
FILE` writes them.
"""

from typing import Any

import pytest

from harness.evidence.record import Evidence
from harness.plugin.tiers import claim_of, tier_of

JUDGED = pytest.StashKey[list[Evidence]]()
"""The records of the running test, in the order in which they were made."""

WORST_FIRST = ("not run", "refuted", "inconclusive", "supported")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Add the checks, the claim and the worst verdict once the test has ended."""
    report = yield
    claim, control = claim_of(item)
    if claim and report.when == "teardown":
        judged = item.stash.get(JUDGED, [])
        # A control is there to be refuted.
        order = ("not run", *reversed(WORST_FIRST)) if control else WORST_FIRST
        verdict = min((it.verdict for it in judged), key=order.index, default="not run")
        if item.get_closest_marker("xfail") and verdict in ("refuted", "inconclusive"):
            verdict = "does not reproduce"
        report.user_properties += [
            *((f"{claim}: {it.check}", str(it.verdict)) for it in judged if it.bound),
            ("claim", claim),
            ("role", "control" if control else "claim"),
            ("tier", tier_of(item)),
            ("verdict", verdict),
        ]
    return report
