"""The table of measures: a verdict a question, and each number with what it is."""

from harness.evidence.record import Evidence
from harness.report.networks import measure_rows


def check(claim, name, value, unit="tau", **facts):
    made = {"control": False, "verdict": "supported", "network": "m", "scale": "scaled", **facts}
    return Evidence(claim, f"m: {name}", values=[value], unit=unit, **made)


RECORDS = [
    check("M-gaps", "rank correlation with the gap, labels of one kind", -0.404),
    check("M-gaps", "rank correlation with the generalisation gap", 1.0, scale="paper"),
    check("M-gaps", "rank correlation with the generalisation gap", 0.236, verdict="refuted"),
    check("M-bound", "smallest bound over the error of a guess", None, verdict="refuted"),
    check("M-images", "growth per doubling of the sample, true labels", 0.2, verdict="refuted"),
    Evidence("M-images", "bound of m: growth per doubling", False, "refuted", [-0.1], network="m"),
    check("M-bound", "networks whose test error exceeds the bound", 0.0, "share"),
    check("M-labels", "larger on random than on true labels", 0.1, "share", control=True),
    Evidence("M-function", "ended", False, "not run", network="m", reason="m gives no bound on"),
]


def test_each_question_has_its_verdict_and_its_numbers_in_order():
    (row,) = measure_rows(RECORDS)
    answers = {it.question: (it.words, it.measured) for it in row.answers}
    assert answers["Does it rank the gaps?"] == (
        "refuted",
        (
            ("0.24", "tau, all networks"),
            ("1.00", "tau, all networks, full size"),
            ("-0.40", "tau, labels of one kind"),
        ),
    )
    assert answers["Does its bound say something?"] == (
        "refuted",
        (("infinite", "times the error of a guess, smallest bound"), ("0 %", "of bounds fail")),
    )
    assert answers["Is it larger on random labels?"] == ("not asked", ())
    assert answers["Is it the same for the same function?"] == ("no bound", ())
    assert answers["Does it shrink as the sample grows?"] == (
        "refuted",
        (("0.20", "a doubling"), ("-0.10", "a doubling, its bound")),
    )
