"""The scorecard fits its width, groups checks by claim, and shows in full what went wrong."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.evidence.catalogue import load_catalogue
from harness.evidence.record import Evidence
from harness.report.scorecard import WIDTH, scorecard, totals

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
BOUND = {"bound": {"kind": "at_least", "value": 0.5}, "source": "Table 9"}


def record(claim="2.1-fit", check="a check", verdict="supported", control=False, **facts):
    facts = {"expected": not control, "tier": "fast", "scale": "scaled", **facts}
    return Evidence(claim, check, control, verdict, **facts)


def card(*records, **options):
    text = scorecard(records, CATALOGUE, **options)
    assert max(map(len, text.splitlines())) <= options.get("width", WIDTH)
    return text


def row(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    return line


def test_a_row_shows_published_and_measured_with_interval_verdict_scale_and_seconds():
    words = " ".join(row(card(FIT), "  MLP").split())
    figures = "99.34 % 100.00 % 99.28 to 100.00"
    assert words == f"MLP 1x512: training accuracy {figures} supported scaled 2"
    other_tier = row(card(record(check="full", tier="cpu_full", scale="paper")), "  full")
    assert other_tier.split()[-3:-1] == ["paper", "cpu"]


@pytest.mark.parametrize("values", [[1.0, None], [None]], ids=["one of two", "the only one"])
def test_a_run_that_diverged_or_never_got_there_is_not_averaged_away(values):
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


def test_checks_with_the_same_outcome_share_a_row():
    alike = [record(check=f"{name}: momentum", published=0.9, values=[0.9]) for name in "abc"]
    text = card(*alike, record(check="d: momentum", published=0.8, values=[0.8]))
    assert row(text, "  3 x momentum").split()[3:5] == ["0.9", "0.9"]
    assert row(text, "  d: momentum")
    two = card(*alike[:2])
    assert row(two, "  a: momentum") and row(two, "  b: momentum")


def test_only_the_first_supported_checks_have_rows_and_trained_ones_come_first():
    many = [record(check=f"number {i}", values=[float(i)], test=f"t{i}") for i in range(30)]
    text = card(*many, record(check="trained", values=[0.5], runs=["00ff"]))
    assert row(text, "  and 28 more checks").split()[-2:] == ["supported", "0"]
    assert text.index("  trained ") < text.index("number 0")
    text = card(*many[:10], *(replace(it, verdict="refuted") for it in many[10:]))
    assert all(row(text, f"  number {i} ") for i in range(10, 30)), "each refuted check has a row"
    assert text.index("number 10") < text.index("number 0 ")


@pytest.mark.parametrize(
    ("verdict", "expected", "below"),
    [
        ("refuted", True, ["bound: at least 0.5, from Table 9"]),
        ("not run", True, ["the reason"]),
        ("refuted", False, ["bound: at least 0.5, from Table 9", "known: the reason"]),
    ],
)
def test_a_check_that_went_wrong_is_shown_in_full(verdict, expected, below):
    name, reason = "a name that is " + "quite " * 30 + "long", "the reason" + " again" * 30
    facts = {**BOUND, "expected": expected, "reason": reason, "notes": ["a note"]}
    text = card(record(check=name, verdict=verdict, **facts))
    assert text.count("quite") == 30 and "a note" not in text
    assert all(f"\n    {line}" in text for line in below)
    assert text.count("again") == (30 if "the reason" in below[-1] else 0)
    assert text.count("quite") > card(record(check=name)).count("quite"), "supported: cut"


def test_refuted_controls_share_a_row_and_others_are_shown_in_full():
    refuted = [
        record(check=f"c{i}", verdict="refuted", control=True, seconds=2, test=f"t{i}")
        for i in range(3)
    ]
    text = card(FIT, *refuted)
    assert re.fullmatch(r"  controls: 3 of 3 +refuted +6", row(text, "  controls:"))
    assert "c1" not in text and "3 controls: 3 refuted" in text
    for verdict in ("supported", "inconclusive"):
        broken = record(check="broken", verdict=verdict, control=True, values=[0.5])
        text = card(FIT, *refuted, broken)
        assert re.search(r"^  control: broken .*0\.5 .*NOT refuted", text, re.MULTILINE)
        assert row(text, "  controls: 3 of 4")
        assert "4 controls: 3 refuted, 1 NOT refuted" in text


def test_what_did_not_run_has_no_measurement_and_is_not_counted_as_judged():
    text = card(record(check="the process died", verdict="not run", scale=""), FIT)
    assert re.fullmatch(r"  the process died +not run +0", row(text, "  the process"))
    assert "0 of 58 claims judged: 1 not run" in text
    only_a_control = card(record("2.1-chance", control=True, verdict="refuted"))
    assert re.search(r"^2\.1-chance .* not run +0$", only_a_control, re.MULTILINE)
    assert "0 of 58 claims judged: none" in only_a_control
    others = ", ".join(claim for claim in CATALOGUE if claim != "2.1-fit")
    assert f"not run: {others}" in " ".join(card(FIT).split())


def test_a_claim_is_as_good_as_its_worst_check():
    records = [
        FIT,
        record(verdict="inconclusive"),
        record("2.1-chance", scale="paper"),
        record("2.1-pixels", verdict="inconclusive"),
        record("2.1-pixels", verdict="refuted"),
        record("2.1-quick", verdict="refuted", control=True),
        record("5-hessian", verdict="refuted", expected=False, scale="exact"),
    ]
    assert totals(records, CATALOGUE)[:3] == [
        "4 of 58 claims judged: 1 supported, 1 does not reproduce, 1 inconclusive, 1 refuted",
        "1 control: 1 refuted",
        "2 judged at reduced scale, which never counts as the paper's own number",
    ]


def test_claims_that_are_recorded_alone_have_their_verdicts_in_the_totals():
    kept = [
        record(scale="paper", recorded="on a machine"),
        record("2.1-chance", scale="paper"),
        record("2.1-quick", verdict="refuted", expected=False, scale="paper"),
    ]
    lines = totals([FIT], CATALOGUE, kept)
    assert "recorded at the paper's size: 1 claims, 1 supported; see" in lines[-3]
    assert lines[-2:] == [
        "on a machine",
        "not run here, recorded at the paper's size: supported: 2.1-chance;"
        " does not reproduce: 2.1-quick",
    ]
    assert "not run here" not in "".join(totals([FIT], CATALOGUE, kept[:1]))


def test_figures_are_never_cut():
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
    assert "1,234,567 to 12,345,678" in card(FIT, wide)
    assert max(map(len, card(FIT, wide, width=140).splitlines())) > WIDTH


def test_colour_codes_are_written_only_when_asked_and_brackets_are_text(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in card(FIT, colour=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = scorecard([FIT], CATALOGUE, colour=True)
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == card(FIT).split()
    assert "x [red] y" in card(record(check="x [red] y"))
