"""The scorecard fits a page, groups by claim, and hides nothing that went wrong."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.evidence.catalogue import load_catalogue
from harness.evidence.record import Evidence
from harness.report.scorecard import STYLES, WIDTH, scorecard, totals
from harness.report.verdicts import verdict_words

CATALOGUE = load_catalogue(Path(__file__).parents[3] / "claims" / "catalogue.toml")
FIT = Evidence(
    "2.1-fit",
    "MLP 1x512: training accuracy",
    False,
    "supported",
    values=[1.0, 1.0],
    unit="share",
    interval=[0.9928, 1.0],
    published=0.9934,
    tier="fast",
    scale="scaled",
    seconds=2.4,
)


def record(claim="2.1-fit", check="a check", verdict="supported", control=False, **facts):
    facts = {"expected": not control, "tier": "fast", "scale": "scaled", **facts}
    return Evidence(claim, check, control, verdict, **facts)


def card(*records, **options):
    return scorecard(records, CATALOGUE, **options)


def row(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    return line


def test_a_row_shows_published_and_measured_with_interval_verdict_scale_and_seconds():
    words = " ".join(row(card(FIT), "  MLP").split())
    figures = "99.34 % 100.00 % 99.28 to 100.00"
    assert words == f"MLP 1x512: training accuracy {figures} supported scaled 2"


@pytest.mark.parametrize("values", [[1.0, None], [None]], ids=["one of two", "the only one"])
def test_a_diverged_run_and_one_that_never_gets_there_are_not_averaged_away(values):
    lost = {"values": values, "interval": [None, None], "verdict": "refuted"}
    text = card(record(check="accuracy", unit="share", **lost), record(unit="steps", **lost))
    assert "diverged" in row(text, "  accuracy")
    assert "never" in row(text, "  a check")
    assert "100.00 %" not in text


def test_rows_stand_under_their_claim_and_each_claim_under_its_section():
    records = [record("A-params", "zeroth"), record(check="first"), record("2.1-chance", "other")]
    lines = card(*records, record(check="second")).splitlines()
    starts = [line.strip().split("  ")[0] for line in lines if line.strip()]
    assert starts[1:10] == [
        *("Appendix A: Experimental setup", "A-params", "zeroth"),
        *("Section 2.1: Fitting random labels and pixels", "2.1-fit", "first", "second"),
        *("2.1-chance", "other"),
    ]


def test_a_claims_row_has_its_sentence_worst_verdict_scale_and_seconds():
    wrong = record(check="wrong", verdict="inconclusive", seconds=1.0)
    text = card(replace(FIT, test="a", seconds=2.0), replace(wrong, test="b"))
    words = row(text, "2.1-fit").split()
    assert words[1:4] == ["Standard", "networks", "memorise"]
    assert words[-3:] == ["inconclusive", "scaled", "3"]


def test_what_several_networks_agree_on_shares_a_row():
    alike = [record(check=f"{name}: momentum", published=0.9, values=[0.9]) for name in "abc"]
    text = card(*alike, record(check="d: momentum", published=0.8, values=[0.8]))
    assert row(text, "  3 x momentum").split()[3:5] == ["0.9", "0.9"]
    assert row(text, "  d: momentum")
    two = card(*alike[:2])
    assert row(two, "  a: momentum") and row(two, "  b: momentum")


def test_beyond_the_first_few_checks_that_agree_are_counted():
    many = [record(check=f"number {i}", values=[float(i)], test=f"t{i}") for i in range(30)]
    text = card(*many)
    assert row(text, "  and 27 more checks").split()[-2:] == ["supported", "0"]
    wrong = [replace(it, verdict="refuted") for it in many[10:]]
    text = card(*many[:10], *wrong)
    assert all(row(text, f"  number {i} ") for i in range(10, 30)), "what is wrong never is"
    assert text.index("number 10") < text.index("number 0 ")


def test_what_was_trained_for_is_shown_before_what_was_computed():
    many = [record(check=f"number {i}", values=[float(i)], test=f"t{i}") for i in range(9)]
    text = card(*many, record(check="trained", values=[0.5], runs=["00ff"]))
    assert row(text, "  trained") and text.index("  trained ") < text.index("number 0")


def test_what_went_wrong_is_told_in_full_with_its_bound_or_reason():
    name = "a name that is " + "quite " * 30 + "long indeed"
    facts = {
        "bound": {"kind": "at_least", "value": 0.5},
        "source": "Table 9",
        "reason": "out of order",
    }
    for verdict, told in (("refuted", "bound: at least 0.5, from Table 9"), ("not run", "order")):
        text = card(record(check=name, verdict=verdict, **facts))
        assert text.count("quite") == 30 and "long indeed" in text
        assert told in text
        assert max(map(len, text.splitlines())) <= WIDTH
    short = card(record(check=name))
    assert "long indeed" not in short and "…" in short


def test_an_expected_failure_says_why_in_full():
    why = "it is so because of " + "many " * 40 + "things"
    facts = {"bound": {"kind": "at_least", "value": 0.5}, "source": "Table 9", "expected": False}
    text = card(record(check="c", verdict="refuted", reason=why, notes=["a note"], **facts))
    assert "bound: at least 0.5, from Table 9" in text and "known: it is so" in text
    assert text.count("many") == 40 and "a note" not in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_claim_of_which_the_controls_alone_were_run_is_not_run():
    text = card(record("2.1-chance", control=True, verdict="refuted"))
    assert re.search(r"^2\.1-chance .* not run +0$", text, re.MULTILINE)
    assert "0 of 45 claims judged: none" in text


def test_seconds_on_the_same_runs_count_once():
    shared = [record(check=f"c{i}", seconds=10.0, runs=["a", "b"]) for i in range(3)]
    growing = [record(check=f"d{i}", seconds=float(i), test="t") for i in range(3)]
    assert row(card(*shared, *growing), "2.1-fit").split()[-1] == "12"


def test_refuted_controls_are_summed_up_in_one_row():
    controls = [
        record(check=f"c{i}", verdict="refuted", control=True, seconds=2, test=f"t{i}")
        for i in range(3)
    ]
    text = card(FIT, *controls)
    assert re.fullmatch(r"  controls: 3 of 3 +refuted +6", row(text, "  controls:"))
    assert "c1" not in text
    assert "3 controls: 3 refuted" in text


@pytest.mark.parametrize("verdict", ["supported", "inconclusive"])
def test_a_control_that_was_not_refuted_is_shown_in_full(verdict):
    refuted = record(check="sound", verdict="refuted", control=True)
    text = card(FIT, refuted, record(check="broken", verdict=verdict, control=True, values=[0.5]))
    assert re.search(r"^  control: broken .*0\.5 .*NOT refuted", text, re.MULTILINE)
    assert re.search(r"^  controls: 1 of 2", text, re.MULTILINE)
    assert "2 controls: 1 refuted, 1 NOT refuted" in text


def test_a_test_that_did_not_run_says_so_and_shows_no_measurement():
    text = card(record(check="the process died", verdict="not run", scale=""))
    assert re.fullmatch(r"  the process died +not run +0", row(text, "  the process"))
    assert "1 not run" in text


def test_a_claim_that_did_not_run_is_not_counted_as_judged():
    lines = totals([FIT, record("2.1-chance", verdict="not run")], CATALOGUE)
    assert lines[0].startswith(f"1 of {len(CATALOGUE)} claims judged")
    assert "1 not run" in lines[0]


@pytest.mark.parametrize("verdict", ["refuted", "inconclusive"])
def test_an_expected_failure_does_not_reproduce(verdict):
    known = record("5-hessian", verdict=verdict, expected=False)
    assert verdict_words(known) == "does not reproduce"
    assert "1 does not reproduce" in totals([known], CATALOGUE)[0]


def test_every_verdict_has_a_style_and_its_words():
    told = {
        verdict_words(record(verdict=verdict, control=control, expected=expected))
        for verdict in ("supported", "refuted", "inconclusive", "not run")
        for control, expected in ((False, True), (False, False), (True, False))
    }
    assert told == set(STYLES)


def test_a_claim_is_as_good_as_its_worst_check():
    records = [
        FIT,
        record(verdict="inconclusive"),
        record("2.1-chance"),
        record("2.1-pixels", verdict="inconclusive"),
        record("2.1-pixels", verdict="refuted"),
        record("2.1-quick", verdict="refuted", control=True),
    ]
    lines = totals(records, CATALOGUE)
    judged = f"3 of {len(CATALOGUE)} claims judged: "
    assert lines[0] == judged + "1 supported, 1 inconclusive, 1 refuted"
    assert lines[1] == "1 control: 1 refuted"


def test_scaled_evidence_is_labelled_as_such():
    records = [FIT, record("2.1-chance", scale="paper"), record("A-params", scale="exact")]
    lines = totals(records, CATALOGUE)
    assert "1 judged at reduced scale, which never counts as the paper's own number" in lines
    assert not any("reduced scale" in line for line in totals(records[1:], CATALOGUE))


def test_claims_that_were_not_run_are_listed():
    others = ", ".join(claim for claim in CATALOGUE if claim != "2.1-fit")
    assert f"not run: {others}" in " ".join(card(FIT).split())


def test_a_tier_beyond_fast_is_named_in_its_row():
    text = card(FIT, record(check="full", tier="cpu_full", scale="paper"))
    assert row(text, "  full").split()[-3:-1] == ["paper", "cpu"]
    assert "fast" not in text


def test_the_scorecard_fits_its_page():
    wide = record(
        check="largest distance of a std from min(1, std sqrt(N)), 50,000 images of CIFAR-10 each",
        tier="gpu_full",
        verdict="inconclusive",
        values=[1234567.0],
        unit="steps",
        interval=[1234567.0, 12345678.0],
        published=1234567.0,
        seconds=12345.0,
    )
    text = card(FIT, wide, record(check="b", verdict="supported", control=True))
    assert WIDTH == 100
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "1,234,567 to 12,345,678" in text, "figures are never cut"
    assert max(map(len, card(FIT, wide, width=140).splitlines())) > WIDTH


def test_there_are_no_colour_codes_unless_asked(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in card(FIT, colour=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = card(FIT, colour=True)
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == card(FIT).split()


def test_square_brackets_in_a_check_are_text_not_markup():
    assert "x [red] y" in card(record(check="x [red] y"))
