"""A check decides by the interval, says its bound in words, refuted by what is not finite."""

import math
from dataclasses import replace

import pytest

from harness.evidence import (
    AtLeast,
    AtMost,
    Attains,
    Equals,
    Equivalent,
    Measurement,
    MoreThan,
    ProvedAtMost,
    Requires,
)
from harness.evidence.formatting import bound_in_words, quantity
from harness.evidence.statistics import equivalence_false_alarm

SOURCE = "Table 9"
ATTAINS, AT_LEAST, AT_MOST = (kind(0.9, SOURCE) for kind in (Attains, AtLeast, AtMost))
EQUIVALENT = Equivalent(0.1, 0.05, SOURCE)
EQUALS, NEARLY = Equals(391.0, SOURCE), Equals(0.0, SOURCE, tolerance=1e-3)
EVERY = [ATTAINS, AT_LEAST, AT_MOST, EQUIVALENT, EQUALS, NEARLY]


def measured(values, interval=(0.0, 1.0), unit="share", images=0):
    return Measurement("a figure", tuple(values), unit, interval, "runs", images=images)


@pytest.mark.parametrize(
    ("check", "values", "interval", "verdict"),
    [
        # The values decide, not the interval: no finite sample puts all of it at the bound.
        (ATTAINS, [0.9, 1.0], (0.5, 1.0), "supported"),
        (ATTAINS, [1.0, 0.899], (0.95, 1.0), "refuted"),
        (AT_LEAST, [0.95], (0.9, 0.99), "supported"),
        (AT_LEAST, [0.95], (0.899, 0.99), "inconclusive"),
        (AT_LEAST, [0.85], (0.8, 0.9), "inconclusive"),
        (AT_LEAST, [0.85], (0.8, 0.899), "refuted"),
        (AT_MOST, [0.85], (0.8, 0.9), "supported"),
        (AT_MOST, [0.85], (0.8, 0.901), "inconclusive"),
        (AT_MOST, [0.95], (0.9, 0.99), "inconclusive"),
        (AT_MOST, [0.95], (0.901, 0.99), "refuted"),
        (EQUIVALENT, [0.1], (0.06, 0.14), "supported"),
        (EQUIVALENT, [0.1], (0.04, 0.14), "inconclusive"),
        (EQUIVALENT, [0.1], (0.06, 0.16), "inconclusive"),
        (EQUIVALENT, [0.1], (0.0, 1.0), "inconclusive"),
        (EQUIVALENT, [0.2], (0.151, 0.25), "refuted"),
        (EQUIVALENT, [0.01], (0.0, 0.049), "refuted"),
        (EQUALS, [391.0, 391.0], (391.0, 391.0), "supported"),
        (EQUALS, [391.0, 392.0], (391.0, 392.0), "refuted"),
        (NEARLY, [-1e-3, 1e-3], (-1e-3, 1e-3), "supported"),
        (NEARLY, [0.0, -1.001e-3], (-1.001e-3, 0.0), "refuted"),
    ],
)
def test_the_interval_decides(check, values, interval, verdict):
    assert check.verdict(measured(values, interval)) == verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([0.9, 1.0], "supported"), ([1.0, 0.89], "inconclusive"), ([math.nan], "inconclusive")],
)
def test_what_a_claim_supposes_is_never_refuted(values, verdict):
    check = Requires(0.9, SOURCE)
    assert check.verdict(measured(values)) == verdict


@pytest.mark.parametrize("check", EVERY, ids=lambda check: type(check).__name__)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refuted(check, value):
    """Also beside good values, and whatever the interval says."""
    good = {ATTAINS: 1.0, EQUALS: 391.0, NEARLY: 0.0}.get(check, 0.9)
    for interval in [(math.nan, math.nan), (0.9, 0.9), (0.1, 0.1)]:
        assert check.verdict(measured([good, value], interval)) == "refuted"
        assert check.verdict(measured([value], interval)) == "refuted"


@pytest.mark.parametrize(
    ("check", "unit", "words"),
    [
        (ATTAINS, "share", "attains 90.00 % in every run"),
        (Requires(1.0, SOURCE), "share", "attains 100.00 % in every run, as the claim requires"),
        (AtLeast(0.9934, SOURCE), "share", "at least 99.34 %"),
        (AtLeast(0.0, SOURCE), "steps", "at least 0"),
        (MoreThan(-1.5, SOURCE), "", "more than -1.5"),
        (AtMost(2.5, SOURCE), "ratio", "at most 2.5"),
        (ProvedAtMost(1e-9, SOURCE), "", "at most 1e-09, as is proved"),
        (EQUIVALENT, "share", "within 5.00 % of 10.00 %"),
        (Equals(1649402, SOURCE), "parameters", "equals 1,649,402"),
        (Equals(0.0, SOURCE, tolerance=2e-5), "", "equals 0 to 2e-05"),
    ],
)
def test_a_check_is_data_that_formatting_puts_into_words(check, unit, words):
    assert bound_in_words(check.as_dict(), unit) == words


def test_only_equivalence_of_accuracies_states_a_false_alarm():
    pooled = replace(measured([0.1] * 9, (0.09, 0.11), images=1000), design=4.0)
    accuracies = replace(pooled, freedom=8)
    assert EQUIVALENT.false_alarm(accuracies) == equivalence_false_alarm(0.1, 1000, 9, 0.05, 4.0)
    assert EQUIVALENT.false_alarm(pooled) == equivalence_false_alarm(0.1, 9000, 1, 0.05, 4.0)
    assert EQUIVALENT.false_alarm(measured([3.0], unit="ratio")) is None
    assert {check.false_alarm(accuracies) for check in EVERY if check != EQUIVALENT} == {None}


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.9982, "share", "99.82 %"),
        (1.0, "share", "100.00 %"),
        (1649402.0, "parameters", "1,649,402"),
        (14467.0, "steps", "14,467"),
        (0.123456, "ratio", "0.1235"),
        (math.inf, "steps", "never"),
        (math.nan, "share", "none"),
        (None, "share", "none"),
    ],
)
def test_quantities_are_written_as_people_read_them(value, unit, words):
    assert quantity(value, unit) == words
