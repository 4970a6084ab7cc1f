"""Complexity measures side by side: their answers to the questions of claims/measures."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.evidence.formatting import quantity
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


@dataclass(frozen=True)
class Answer:
    """A cell: the claim's verdict, and what was measured."""

    question: str
    verdict: str
    measured: str


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
        own = [it for it in checks if it.claim == claim and not it.control and it.values]
        shown = ", ".join(quantity(sum(it.values) / len(it.values), it.unit) for it in own)
        verdict = verdicts.get(claim, "not run")
        answers.append(Answer(question, verdict, shown))
    figures = [it.figure["data"] for it in checks if it.figure and it.figure["name"] == FIGURE]
    judged = tuple(it for it in checks if it.verdict != "not run")
    return MeasureRow(name, tuple(answers), judged, figures[0] if figures else None)
