"""How often a repetition fails, from one measurement's margin: against repetitions."""

import math

import numpy as np
import pytest

from harness.evidence.checks import AtLeast, AtMost, Attains, ProvedAtMost
from harness.evidence.formatting import bound_in_words
from harness.evidence.measurement import Measurement
from harness.evidence.slack import repetition_fails
from harness.tests.report_helpers import record

RUNS = 400


def judged(check, mean, half, unit="share", control=False, replicated="runs"):
    """The line of evidence of a measurement with this interval."""
    measured = Measurement("it", (mean,), unit, (mean - half, mean + half), replicated)
    supported, refuted = check.slack(measured)
    return record(
        unit=unit,
        values=[mean],
        interval=list(measured.interval),
        bound=check.bound,
        bound_words=bound_in_words(check, unit),
        control=control,
        expected=not control,
        slack=refuted if control else supported,
        replicated=replicated,
    )


def test_it_is_how_often_repetitions_fail():
    """The truth at 0.9, errors of 0.02: said of each draw, and seen in another one."""
    draws = np.random.default_rng(0).normal(0.9, 0.02, size=(RUNS, 2))
    check, half = AtLeast(0.85, "us"), 1.96 * 0.02
    said = np.mean([repetition_fails(judged(check, float(mean), half)) for mean in draws[:, 0]])
    seen = np.mean(np.random.default_rng(1).normal(0.9, 0.02, 100_000) - half < 0.85)
    # Two errors are between a draw and its repetition, and the draws themselves scatter.
    assert seen == pytest.approx(0.29, abs=0.01)
    assert seen < said < seen + 0.1


@pytest.mark.parametrize(
    ("slack", "rate"), [(0.0, 0.5), (math.sqrt(2), 0.15866), (6 * math.sqrt(2), 9.87e-10)]
)
@pytest.mark.parametrize("control", [False, True])
def test_the_rate_falls_with_the_room_in_standard_errors(slack, rate, control):
    """A control has its slack on the other side of the bound."""
    error, side = 0.01, -1 if control else 1
    line = judged(
        AtLeast(0.5, "us"), 0.5 + side * (1.96 + slack) * error, 1.96 * error, "share", control
    )
    assert repetition_fails(line) == pytest.approx(rate, rel=1e-3)


def test_ratios_are_taken_in_logarithms():
    """20 times, from 10 to 40, where 2 is the bound: log 5 of slack in errors of log 4 / 3.92."""
    check = AtLeast(2.0, "us")
    measured = Measurement("it", (20.0,), "times", (10.0, 40.0), "runs")
    line = judged(check, 20.0, 1.0, "times")
    line.interval, line.slack = [10.0, 40.0], check.slack(measured)[0]
    away = math.log(5) / (math.sqrt(2) * math.log(4) / 3.92)
    assert repetition_fails(line) == pytest.approx(math.erfc(away / math.sqrt(2)) / 2, rel=1e-2)


def test_where_there_is_no_chance_there_is_no_rate():
    assert repetition_fails(judged(AtMost(1.0, "us"), 0.5, 0.0)) is None
    assert (
        repetition_fails(judged(AtMost(1.0, "us"), 0.5, 0.1, replicated="nothing: exact")) is None
    )
    assert repetition_fails(judged(Attains(1.0, "us"), 1.0, 0.1)) is None
    assert repetition_fails(judged(ProvedAtMost(1.0, "us"), 0.9, 0.1)) == 0.0
