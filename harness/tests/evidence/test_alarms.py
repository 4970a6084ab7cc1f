"""``python -m harness alarms``: false-alarm rates from the slack that sessions left."""

import math

import pytest
from scipy.stats import t

from harness.__main__ import main
from harness.cli.alarms import alarms
from harness.errors import HarnessError
from harness.evidence.checks import AtLeast, AtMost, Equals, MoreThan, ProvedAtMost
from harness.tests.report_helpers import record, run, written


def sessions(slacks, **facts):
    """A session each: one check, with the slack it left."""
    facts = {"bound": {"kind": "at_least", "value": 0.9}, **facts}
    return [([record(slack=slack, seed=seed, **facts)], {}) for seed, slack in enumerate(slacks)]


def test_the_rate_is_the_predictive_probability_of_a_session_without_room():
    (found,) = alarms(sessions([4.0, 5.0, 6.0]))
    assert (found.mean, found.deviation, found.failures) == (5.0, 1.0, 0)
    assert found.rate == pytest.approx(t.sf(5 / math.sqrt(1 + 1 / 3), 2))


def test_a_failure_that_was_seen_counts_at_least_as_often():
    seen = sessions([1.0, 1.01, 0.99, 1.0])
    seen[2][0][0].verdict = "refuted"
    (found,) = alarms(seen)
    assert found.failures == 1
    assert found.rate == 0.25


def test_what_no_seed_moves_raises_no_false_alarm():
    (found,) = alarms(sessions([0.5, 0.5 + 1e-12, 0.5]))
    assert found.is_constant
    assert found.rate == 0


def test_what_is_proved_raises_none_however_near_it_comes():
    """Slack of 8, 1 and 2 logarithms would make it one in four."""
    bound = ProvedAtMost(1e-9, source="a theorem").as_dict()
    seen = sessions([9e-10, 1e-12, 5e-10], bound=bound, unit="")
    (found,) = alarms(seen)
    assert found.is_proved and found.rate == 0
    seen[2][0][0].verdict = "refuted"
    assert alarms(seen)[0].rate == pytest.approx(1 / 3)


def test_zero_error_has_its_room_in_the_epochs_to_spare():
    seen = []
    for seed, epochs in enumerate((10, 20, 40)):
        ran = run(seed=seed, epochs=epochs)
        ran.recipe["epochs"] = 80
        line = record(slack=0.0, seed=seed, runs=[ran.key])
        seen.append(([line], {ran.key: ran}))
    (found,) = alarms(seen)
    assert found.slacks == pytest.approx([math.log(8), math.log(4), math.log(2)])
    assert 0 < found.rate < 0.5
    unfitted = [([record(slack=0.0, seed=seed, runs=["lost"])], {}) for seed in range(3)]
    assert alarms(unfitted)[0].rate is None


def test_too_few_sessions_and_one_session_twice_are_refused():
    with pytest.raises(HarnessError, match="2 sessions say nothing about chance"):
        alarms(sessions([1.0, 2.0]))
    again = sessions([1.0, 2.0, 3.0])
    again[1][0][0].seed = 0
    with pytest.raises(HarnessError, match="two sessions have the base seed 0"):
        alarms(again)


def run_alarms(tmp_path, slacks, **facts):
    paths = [
        written(tmp_path / str(seed), *its, record("2.1-chance", "still", seed=seed, slack=1.0))
        for seed, (its, _) in enumerate(sessions(slacks, **facts))
    ]
    return main(["alarms", *map(str, paths)])


def test_the_command_shows_the_likeliest_first_and_fails_where_a_session_failed(tmp_path, capsys):
    assert run_alarms(tmp_path, [4.0, 5.0, 6.0]) == 0
    said = capsys.readouterr().out
    assert said.index("a check") < said.index("still")
    assert "1 in 40" in said and "2 checks over 3 sessions, 0 failures" in said
    assert run_alarms(tmp_path, [4.0, 5.0, 6.0], verdict="refuted") == 1
    assert "3 of 3" in capsys.readouterr().out


AT_MOST, AT_LEAST, MORE_THAN = (it(4.0, "us") for it in (AtMost, AtLeast, MoreThan))
ZERO = Equals(0.0, "us", tolerance=1e-10)


@pytest.mark.parametrize(
    ("check", "control", "edges"),
    [
        (AT_MOST, False, [1.0, 2.0, 3.0]),
        (AT_MOST, True, [8.0, 16.0, 400.0]),
        (AT_LEAST, False, [8.0, 16.0, 400.0]),
        (MORE_THAN, True, [1.0, 2.0, 3.0]),
        (ZERO, False, [1e-13, 1e-12, 0.0]),
        (ZERO, True, [0.08, 0.3, 1e-3]),
    ],
)
def test_the_slack_of_ratios_and_distances_is_in_logarithms(check, control, edges):
    limit = check.value or check.tolerance
    slacks = [abs(edge - limit) for edge in edges]
    unit = "times" if check.value else ""
    (found,) = alarms(sessions(slacks, control=control, unit=unit, bound=check.as_dict()))
    expected = [abs(math.log(max(edge, limit * 2**-52) / limit)) for edge in edges]
    assert found.slacks == pytest.approx(expected, rel=1e-2)


def test_a_ratio_beyond_its_bound_has_negative_slack():
    (found,) = alarms(sessions([-4.0, 3.0, 3.5], unit="times", bound=AT_MOST.as_dict()))
    assert found.slacks[0] == pytest.approx(-math.log(2))
