"""Which tests try which claim, at which tiers: read from the list that the repository pins."""

import shlex
from dataclasses import dataclass
from functools import cache

from harness.evidence.catalogue import CLAIMS

PINNED = CLAIMS.parent / "fixtures" / "tiers.txt"
"""A line a test: tier, claim, pytest's name for it, number of runs; two spaces between them."""
TIERS = {
    "fast": "any machine, offline",
    "cpu_full": "two cores, the paper's data",
    "gpu_full": "a GPU, the paper's data",
    "imagenet": "GPUs and days, ImageNet",
}
"""By marker, what it takes."""


@dataclass(frozen=True)
class ClaimTest:
    """A test function and the tiers at which it tries a claim, or the claim's control."""

    claim: str
    control: bool
    node: str
    """As pytest names it, from the project's folder, without parameters."""
    tiers: tuple[str, ...]
    at_papers_size: tuple[str, ...]
    """Of the tiers: those at which all runs of one of its experiments have the paper's size."""

    def command(self, tier: str) -> str:
        """The shell command that runs it at one tier."""
        data = "" if tier == "fast" else " --data-root=DIR"
        return f"pytest -m {tier} {shlex.quote(self.node)}{data}"


@cache
def claim_tests() -> tuple[ClaimTest, ...]:
    """All tests of claims and controls, from the fast tier to the slowest."""
    tiers: dict[tuple[str, str], dict[str, bool]] = {}
    for line in PINNED.read_text(encoding="utf-8").splitlines():
        if line.startswith(tuple(TIERS)):
            tier, about, test, runs = line.split("  ")
            at = tiers.setdefault((about, test.partition("[")[0]), {})
            at[tier] = at.get(tier, False) or ", scaled" not in runs
    return tuple(
        ClaimTest(
            about.removeprefix("control of "),
            about.startswith("control of "),
            f"{CLAIMS.name}/{test}",
            tuple(at),
            tuple(tier for tier, whole in at.items() if whole),
        )
        for (about, test), at in tiers.items()
        if about != "baseline"
    )
