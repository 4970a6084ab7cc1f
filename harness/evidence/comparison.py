"""Two bodies of evidence side by side: do another precision, device or seed change a verdict?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.evidence.record import Evidence
from harness.evidence.run_record import RunRecord

Key = tuple[str, str, bool, str, str]
"""Claim, check, whether it is a control, tier, network of one's own."""


@dataclass(frozen=True)
class Pair:
    """One check as two sessions judged it."""

    first: Evidence
    second: Evidence

    @property
    def agrees(self) -> bool:
        """Whether the verdicts are the same; the values may differ."""
        return self.first.verdict == self.second.verdict


@dataclass(frozen=True)
class Comparison:
    """What two sessions have in common, in the first one's order, and what only one has."""

    pairs: tuple[Pair, ...]
    only_first: tuple[Evidence, ...]
    only_second: tuple[Evidence, ...]

    @property
    def disagreements(self) -> tuple[Pair, ...]:
        """The pairs whose verdicts differ."""
        return tuple(pair for pair in self.pairs if not pair.agrees)


def compare(first: Iterable[Evidence], second: Iterable[Evidence]) -> Comparison:
    """Match checks by claim, name, kind, tier and network.

    Of several records of one check the last counts: it is the session's last word. Tests that
    ended before they judged ("not run") are matched like any other.
    """
    ours, theirs = _last(first), _last(second)
    return Comparison(
        tuple(Pair(ours[key], theirs[key]) for key in ours if key in theirs),
        tuple(ours[key] for key in ours if key not in theirs),
        tuple(theirs[key] for key in theirs if key not in ours),
    )


def settings(records: Iterable[Evidence], runs: Mapping[str, RunRecord]) -> str:
    """What a session ran on, in words: machine, PyTorch, precision of its runs, base seed."""
    machines: dict[str, set[str]] = {"machine": set(), "torch": set(), "precision": set()}
    seeds = set()
    for record in records:
        told = record.environment
        machines["machine"].add(str(told.get("gpu") or told.get("processor") or ""))
        machines["torch"].add(f"torch {told['torch']}" if told.get("torch") else "")
        machines["precision"] |= {runs[key].precision for key in record.runs if key in runs}
        seeds.add(f"base seed {record.seed}")
    parts = [sorted(values - {""}) for values in (*machines.values(), seeds)]
    return ", ".join(" and ".join(part) for part in parts if part)


def _last(records: Iterable[Evidence]) -> dict[Key, Evidence]:
    return {(r.claim, r.check, r.control, r.tier, r.network): r for r in records}
