"""Two bodies of evidence side by side: do another precision, device or seed change a verdict?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.evidence.record import Evidence, last_of_each
from harness.evidence.run_record import RunRecord


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
    """Match the checks of two sessions; tests that ended before they judged count as well."""
    ours, theirs = last_of_each(first), last_of_each(second)
    return Comparison(
        tuple(Pair(ours[key], theirs[key]) for key in ours if key in theirs),
        tuple(ours[key] for key in ours if key not in theirs),
        tuple(theirs[key] for key in theirs if key not in ours),
    )


def settings(records: Iterable[Evidence], runs: Mapping[str, RunRecord]) -> str:
    """What a session ran on, in words: machine, PyTorch, precision of its runs, base seed."""
    machines, versions, precisions, seeds = set(), set(), set(), set()
    for record in records:
        facts = record.environment
        machines.add(str(facts.get("gpu") or facts.get("processor") or ""))
        versions.add(f"torch {facts['torch']}" if facts.get("torch") else "")
        precisions |= {runs[key].precision for key in record.runs if key in runs}
        seeds.add(f"base seed {record.seed}")
    parts = [sorted(found - {""}) for found in (machines, versions, precisions, seeds)]
    return ", ".join(" and ".join(part) for part in parts if part)
