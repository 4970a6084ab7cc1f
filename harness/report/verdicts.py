"""Verdicts in words, and the verdict of a claim from those of its checks."""

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.evidence.record import Evidence

WORST_FIRST = ("refuted", "inconclusive", "not run", "does not reproduce", "supported")

SECTIONS = {
    "A": "Experimental setup",
    "1.1": "Our contributions",
    "2.1": "Fitting random labels and pixels",
    "2.2": "Implications: measures of complexity",
    "3": "The role of regularization",
    "3.1": "Implicit regularization",
    "4": "Finite-sample expressivity",
    "5": "An appeal to linear models",
    "M": "The randomisation test of complexity measures",
    "B": "What later work found",
}
"""The paper's headings, shortened, and ours of what stands apart from them."""
APART = ("M", "B")
"""Sections that are none of the paper's, and count for none of its claims."""


def verdict_words(record: Evidence) -> str:
    """The verdict, and for controls and expected failures its meaning."""
    if record.verdict == "not run":
        return "not run"
    if record.control:
        return "control refuted" if record.verdict == "refuted" else "control NOT refuted"
    if not record.expected and record.verdict != "supported":
        return "does not reproduce"
    return record.verdict


def claim_verdicts(records: Iterable[Evidence]) -> dict[str, str]:
    """By claim, the worst verdict of its checks, controls left out."""
    worst: dict[str, str] = {}
    for record in records:
        if not record.control:
            verdict = verdict_words(record)
            known = worst.get(record.claim, verdict)
            worst[record.claim] = min(known, verdict, key=WORST_FIRST.index)
    return worst


def counts_in_words(counts: Counter[str]) -> str:
    """How many claims have which verdict, the best first."""
    return ", ".join(
        f"{counts[verdict]} {verdict.replace('does', 'do') if counts[verdict] > 1 else verdict}"
        for verdict in reversed(WORST_FIRST)
        if counts[verdict]
    )


def section_title(section: str) -> str:
    """The section's number and heading, as in "Section 2.1: Fitting random labels and pixels"."""
    if section in APART:
        return SECTIONS[section]
    name = f"Appendix {section}" if section.isalpha() else f"Section {section}"
    return f"{name}: {SECTIONS[section]}" if section in SECTIONS else name


def seconds_of(records: Sequence[Evidence]) -> float:
    """Seconds behind these checks; each training and each test's own time counts once.

    Checks on the same runs repeat their training time. A check without runs has the test's time so
    far, so the longest is the whole test's.
    """
    spent: dict[object, float] = {}
    for record in records:
        once = frozenset(record.runs) or record.test or id(record)
        spent[once] = max(spent.get(once, 0.0), record.seconds)
    return sum(spent.values())
