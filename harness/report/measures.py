"""Complexity measures side by side: their answers to the questions of claims/measures."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.evidence.record import Evidence
from harness.report.networks import by_network, is_of_measure
from harness.report.verdicts import claim_verdicts

FIGURE = "complexity-measures"
QUESTIONS = {
    "M-labels": "Is it larger on random labels?",
    "M-gaps": "Does it rank the gaps?",
    "M-images": "Does it shrink as the sample grows?",
    "M-bound": "Does its bound say something?",
    "M-function": "Is it the same for the same function?",
}
"""By the claim's id, in the order of the columns."""
SAID_OF = {
    "random than on true labels": "of pairs",
    "trend with the share": "tau with the share of random labels",
    "the generalisation gap": "tau, all networks",
    "labels of one kind": "tau, labels of one kind",
    "samples of one size": "tau, samples of one size",
    "growth per doubling": "a doubling",
    "bound of": "a doubling, its bound",
    "smallest bound": "times the error of a guess, smallest bound",
    "exceeds the bound": "of bounds fail",
    "above their bound": "of bounds fail",
    "largest change": "largest change",
}
"""What a number is, by words of its check's name, in the order in which they are shown."""
NO_BOUND = "gives no bound"
"""In the reason of a test that ended because the measure has none."""


@dataclass(frozen=True)
class Answer:
    """A cell: the claim's verdict, and each number that was measured, with what it is."""

    question: str
    verdict: str
    words: str
    """The verdict in words, or why there is none."""
    measured: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MeasureRow:
    """A measure, an answer a question, and all its checks."""

    measure: str
    answers: tuple[Answer, ...]
    checks: tuple[Evidence, ...]
    figure: dict[str, object] | None


def measure_rows(records: Iterable[Evidence]) -> list[MeasureRow]:
    """A row for each measure, in the order of their first checks."""
    of_measures = by_network(record for record in records if is_of_measure(record))
    return [_row(name, checks) for name, checks in of_measures.items()]


def _row(name: str, checks: list[Evidence]) -> MeasureRow:
    verdicts = claim_verdicts(checks)
    answers = []
    for claim, question in QUESTIONS.items():
        own = [it for it in checks if it.claim == claim and not it.control]
        shown = tuple((_short(it), _said(it)) for it in sorted(own, key=_place) if it.values)
        verdict = verdicts.get(claim, "not run")
        words = verdict if own else "not asked"
        if any(NO_BOUND in it.reason for it in own):
            words = "no bound"
        answers.append(Answer(question, verdict, words, shown))
    figures = [it.figure["data"] for it in checks if it.figure and it.figure["name"] == FIGURE]
    judged = tuple(it for it in checks if it.verdict != "not run")
    return MeasureRow(name, tuple(answers), judged, figures[0] if figures else None)


def _place(check: Evidence) -> tuple[int, bool]:
    found = [place for place, part in enumerate(SAID_OF) if part in check.check]
    return max(found, default=len(SAID_OF)), check.scale == "paper"


def _said(check: Evidence) -> str:
    place, full_size = _place(check)
    return [*SAID_OF.values(), ""][place] + ", full size" * full_size


def _short(check: Evidence) -> str:
    """The mean of a check's values, to two decimals; no share has any."""
    finite = [it for it in check.values if it is not None]
    if len(finite) < len(check.values):
        return "infinite"
    mean = sum(finite) / len(finite)
    if check.unit == "share":
        return f"{100 * mean:.0f} %"
    return f"{mean:.3g}" if abs(mean) >= 1e6 else f"{mean:,.{2 if abs(mean) < 10 else 0}f}"
