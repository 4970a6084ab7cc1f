"""Every judged check leaves a line of evidence, with and without xdist, whatever happens next."""

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree

import pytest

from harness.evidence.catalogue import load_catalogue
from harness.plugin.options import CLAIMS
from harness.tests.plugin_helpers import Project

FIT = load_catalogue(CLAIMS / "catalogue.toml")["2.1-fit"]

VERDICTS = """
from dataclasses import replace
from harness.errors import DataError
from harness.evidence import Equivalent
from harness.expressivity.kinks import alternating_targets

STRADDLES = Measurement("straddles", (0.5,), "share", (0.4, 0.6), "images")
HALF = AtLeast(0.5, source="Table 9")
pytestmark = pytest.mark.fast
claim, control = pytest.mark.claim("2.1-fit"), pytest.mark.control("2.1-fit")
known = pytest.mark.xfail(raises=ClaimNotSupported, strict=True, reason="holds with a factor of 2")

@claim
@pytest.mark.parametrize("name", ["a name"])
def test_supported(judge, name):
    published = published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")
    judge(share(1.0, "MLP 1x512: fitted"), ONE, published)
    assert judge(share(0.75, "second"), HALF) == "supported"

@claim
def test_refuted(judge):
    published = published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")
    judge(share(0.9, "MLP 1x512"), ONE, published)
    judge(share(1.0, "second"), ONE)

@claim
def test_inconclusive(judge): judge(STRADDLES, HALF, otherwise=0.0)

@claim
def test_sees_the_effect(judge):
    fitted = published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")
    judge(STRADDLES, Equivalent(0.5, 0.2, source="Table 9"), otherwise=fitted)

@claim
def test_too_coarse(judge):
    judge(STRADDLES, Equivalent(0.5, 0.2, source="Table 9"), otherwise=0.75)

@claim
def test_nothing_named(judge): judge(STRADDLES, HALF)

@claim
def test_named_within_the_claim(judge): judge(STRADDLES, HALF, otherwise=0.6)

@pytest.fixture
def constructed(judge): alternating_targets(3)  # without it a control is refused

@control
def test_control(constructed, judge): judge(share(0.9), ONE)

@control
def test_control_that_passes(constructed, judge): judge(share(1.0), ONE)

@control
def test_control_that_decides_nothing(constructed, judge): judge(STRADDLES, HALF)

@control
def test_control_that_diverged(constructed, judge):
    judge(replace(share(float("nan")), diverged=True), ONE)

@known
@claim
def test_known(judge): judge(exact("a share", [0.9], "share", note="of ten"), ONE)

@known
@claim
def test_known_but_supported(judge): judge(share(1.0), ONE)

@known
@claim
def test_known_but_crashed(judge): raise RuntimeError("\\033[31mout of order")

@claim
def test_crashes_between_two_checks(judge):
    judge(share(1.0), ONE)
    raise RuntimeError("between")

@claim
def test_judges_nothing(judge): pass

@claim
def test_plain_number(judge): judge(share(1.0), ONE, published=0.9934)

@claim
def test_damaged_data(judge): raise DataError("the data are damaged; fetch them")

@claim
def test_never_gets_there(judge):
    judge(exact("steps", [float("inf")], "steps"), AtMost(1, source="Table 9"))
"""
OUTCOMES = {
    "test_supported[a name]": "PASSED",
    "test_refuted": "FAILED",
    "test_inconclusive": "FAILED",
    "test_sees_the_effect": "PASSED",
    "test_too_coarse": "FAILED",
    "test_nothing_named": "FAILED",
    "test_named_within_the_claim": "FAILED",
    "test_control": "PASSED",
    "test_control_that_passes": "FAILED",
    "test_control_that_decides_nothing": "FAILED",
    "test_control_that_diverged": "FAILED",
    "test_known": "XFAIL",
    "test_known_but_supported": "FAILED",
    "test_known_but_crashed": "FAILED",
    "test_crashes_between_two_checks": "FAILED",
    "test_judges_nothing": "FAILED",
    "test_plain_number": "FAILED",
    "test_damaged_data": "FAILED",
    "test_never_gets_there": "FAILED",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("verdicts"), VERDICTS)


@pytest.fixture(scope="module")
def alone(project):
    return project.run("--base-seed", "3")


def test_a_test_passes_if_and_only_if_its_verdict_is_the_one_it_is_there_for(alone):
    assert alone.outcomes == OUTCOMES
    assert alone.code == pytest.ExitCode.TESTS_FAILED


def test_a_failure_makes_sense_without_the_source(alone):
    text = "\n".join(line.removeprefix("E").strip() for line in alone.text.splitlines())
    assert f"\n2.1-fit is refuted: {FIT.sentence}\n" in text
    assert "\nmeasured  MLP 1x512 = 90.00 %\n" in text
    assert "\nbound     attains 100.00 % in every run, from Table 9\n" in text
    assert "\npublished 99.34 % (Table 1, MLP 1x512, random labels, train)\n" in text
    assert "\nrepeat    pytest test_claims.py::test_refuted --base-seed 3\n" in text
    assert f"\n2.1-fit is inconclusive: {FIT.sentence}\n" in text
    assert "\ninterval  40.00 % to 60.00 % (replicated: images)\n" in text
    assert "\ninterval  none, for a run that diverged or never got there (replicated: " in text
    assert "none to none" not in text
    assert (
        "\nnote      too coarse to tell: would notice 88.39 %; if the claim were false it would be"
        " 75.00 %\n"
    ) in text
    assert "straddles: say what would be measured if the claim were false" in text
    assert "a value of 0.6 is no sign of a false claim" in text
    assert "\nnotices   88.39 %, in 19 of 20 repetitions\n" in text
    assert re.search(
        r"\nFAILED test_claims.py::test_refuted - \S*ClaimNotSupported: 2.1-", alone.text
    )
    assert "raise type(" not in alone.text, "the plugin's own lines say nothing to a reader"
    assert "the data are damaged; fetch them" in alone.text
    assert 'raise DataError("the data' not in alone.text, "a traceback nobody needs"


def test_a_control_that_is_not_refuted_names_its_broken_premise(alone):
    for verdict in ("supported", "inconclusive"):
        words = f"\ncontrol of 2.1-fit is {verdict}, and should be refuted"
        assert f"{words}: the check passes on a broken premise ({FIT.control})" in alone.text


def test_what_is_no_verdict_is_refused_with_a_remedy(alone):
    assert "the test ended without judging anything: call judge(...)" in alone.text


def test_the_evidence_holds_every_judged_check(alone):
    (fitted, second) = alone.of("test_supported[a name]")
    assert (fitted.check, fitted.values, fitted.verdict) == (
        "MLP 1x512: fitted",
        [1.0],
        "supported",
    )
    assert (fitted.interval, fitted.published) == ([1.0, 1.0], 0.9934)
    assert fitted.bound == {"kind": "attains", "value": 1.0}
    assert (second.check, second.published, second.source) == ("second", None, "Table 9")
    assert (fitted.tier, fitted.scale, fitted.seed, fitted.expected) == ("fast", "exact", 3, True)
    assert [record.verdict for record in alone.of("test_refuted")] == ["refuted", "supported"]
    verdicts = {record.test.partition("::")[2]: record.verdict for record in alone.evidence}
    assert set(verdicts) == set(OUTCOMES), "each test has a line, also where nothing was judged"
    assert verdicts["test_control"] == "refuted"
    assert verdicts["test_inconclusive"] == "inconclusive"
    assert verdicts["test_known_but_crashed"] == "not run"
    assert verdicts["test_judges_nothing"] == "not run"
    before, crashed = alone.of("test_crashes_between_two_checks")
    assert (before.verdict, crashed.verdict) == ("supported", "not run")
    assert "between" in crashed.reason
    (crashed,) = alone.of("test_known_but_crashed")
    assert crashed.reason == " [31mout of order", "nothing that steers a terminal"


def test_controls_and_expected_failures_are_recorded_as_such(alone):
    (control,) = alone.of("test_control")
    assert (control.control, control.expected, control.as_it_should) == (True, False, True)
    (known,) = alone.of("test_known")
    assert (known.control, known.expected, known.verdict) == (False, False, "refuted")
    assert (known.reason, known.notes) == ("holds with a factor of 2", ["of ten"])


def test_the_slack_is_what_is_left_before_the_test_fails(alone):
    """Of a control and of an expected failure before they are no longer refuted."""
    slack = {name: [line.slack for line in alone.of(name)] for name in OUTCOMES}
    assert slack["test_refuted"] == pytest.approx([-0.1, 0.0])
    assert slack["test_control"] == slack["test_known"] == pytest.approx([0.1])
    assert slack["test_control_that_passes"] == slack["test_known_but_supported"] == [0.0]
    assert slack["test_never_gets_there"] == [None]


def test_every_line_is_strict_json(alone):
    assert len(alone.lines) == len(OUTCOMES) + 3, "three tests have two lines"
    for line in alone.lines:
        found = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert {"python", "torch", "cores"} <= set(found["environment"])
    (endless,) = alone.of("test_never_gets_there")
    assert (endless.values, endless.interval) == ([None], [None, None])


def test_the_scorecard_ends_the_session(alone):
    card = alone.text.partition("claims of the paper")[2]
    assert "99.34 %" in card
    assert "NOT refuted" in card
    assert re.search(r"does not .*\n +reproduce", card)
    assert "claims judged: 1 refuted" in card


def test_the_recorded_command_repeats_the_test(project, alone):
    (record, _) = alone.of("test_supported[a name]")
    pytest_, *words = shlex.split(record.command)
    again = project.run(*words)
    assert pytest_ == "pytest"
    assert [(r.check, r.verdict, r.seed) for r in again.evidence] == [
        ("MLP 1x512: fitted", "supported", 3),
        ("second", "supported", 3),
    ]


def test_under_xdist_evidence_and_junits_properties_are_the_same(project, alone):
    report = project.folder / "junit.xml"
    session = project.run("-n", "2", "--base-seed", "3", "--junitxml", str(report))

    def essence(records):
        return sorted((r.claim, r.check, r.verdict, r.test, r.command) for r in records)

    assert essence(session.evidence) == essence(alone.evidence)
    assert session.outcomes == alone.outcomes
    properties = {
        case.get("name"): {it.get("name"): it.get("value") for it in case.iter("property")}
        for case in ElementTree.parse(report).iter("testcase")
    }
    assert properties["test_supported[a name]"] == {
        "2.1-fit: MLP 1x512: fitted": "supported",
        "2.1-fit: second": "supported",
        **{"claim": "2.1-fit", "role": "claim", "tier": "fast", "verdict": "supported"},
    }
    for name, of_test in properties.items():
        worst = alone.of(name)[-1 if name == "test_crashes_between_two_checks" else 0]
        assert of_test["role"] == ("control" if worst.control else "claim"), name
        known = not worst.expected and not worst.control and worst.verdict == "refuted"
        assert of_test["verdict"] == ("does not reproduce" if known else worst.verdict), name
