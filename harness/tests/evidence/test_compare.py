"""``python -m harness compare``: two sessions' verdicts check by check."""

from harness.__main__ import main
from harness.tests.report_helpers import GPU, record, run, written


def compared(*arguments):
    return main(["compare", *map(str, arguments)])


def test_sessions_that_agree_end_well_and_show_both_values(tmp_path, capsys):
    behind = run()
    ours = record(values=[0.9988], environment=GPU, runs=[behind.key])
    # The last record of a check counts.
    first = written(
        tmp_path / "bf16", record(verdict="not run", environment=GPU), ours, runs=[behind]
    )
    second = written(tmp_path / "fp32", record(values=[0.9982], seed=3))
    assert compared(first, second) == 0
    said = capsys.readouterr().out
    assert "99.88 %" in said and "99.82 %" in said and "both supported" in said
    assert "A GPU, torch 2.11.0, fp32, base seed 0" in said
    assert "A processor, torch 2.11.0, base seed 3" in said
    assert "1 checks in common: 0 verdicts differ" in said


def test_another_verdict_is_reported_and_ends_with_an_error(tmp_path, capsys):
    """A claim is not taken for its control, nor one network for another."""
    others = [record(control=True), record(network="torchvision:resnet18")]
    first = written(tmp_path / "a", record(), *others)
    second = written(tmp_path / "b", record(verdict="refuted", values=[0.5]))
    assert compared(first, second) == 1
    said = capsys.readouterr().out
    assert "DIFFER: supported, refuted" in said and "1 checks in common: 1 verdicts" in said
    assert "1 verdicts differ; 2 checks are in the first alone, 0 in the second" in said


def test_controls_that_agree_are_shown_on_demand_alone(tmp_path, capsys):
    control = record(check="on a broken premise", control=True, verdict="refuted")
    first, second = (written(tmp_path / name, record(), control) for name in "ab")
    assert compared(first, second) == 0
    assert "on a broken premise" not in capsys.readouterr().out
    assert compared(first, second, "--all") == 0
    assert "control: on a broken premise" in capsys.readouterr().out
    odd = written(tmp_path / "c", record(), record(**{**facts(control), "verdict": "supported"}))
    assert compared(first, odd) == 1
    assert "DIFFER: refuted, supported" in capsys.readouterr().out


def facts(control):
    return {"claim": control.claim, "check": control.check, "control": True}


def test_nothing_in_common_is_an_error_that_says_what_to_name(tmp_path, capsys):
    first = written(tmp_path / "a", record(tier="fast"))
    second = written(tmp_path / "b", record(tier="gpu_full"))
    assert compared(first, second) == 2
    assert "have no check in common: name two files" in capsys.readouterr().err
