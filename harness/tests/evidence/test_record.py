"""A line of evidence is strict JSON, comes back as it was, and a damaged one is counted."""

import json
import math
from dataclasses import asdict, replace

import pytest

from harness.evidence.record import Evidence, read_evidence

FULL = Evidence(
    claim="2.1-fit",
    check="MLP 1x512: training accuracy, \u2028 naïve",
    control=False,
    verdict="supported",
    values=[1.0, 0.25],
    unit="share",
    interval=[0.5, 1.0],
    bound={"kind": "attains", "value": 1.0},
    published=0.9934,
    source="Table 1",
    tier="fast",
    scale="scaled",
    seconds=1.5,
    test="claims/test_it.py::test_it[fast-x]",
    runs=["00ff"],
    environment={"cores": 2, "nested": {"list": [1]}},
    expected=False,
    reason='a "reason"\nof two lines',
    notes=["it departs"],
    seed=3,
    command="pytest 'claims/test_it.py::test_it[fast-x]'",
    replicated="runs",
    false_alarm=1e-9,
    resolution=0.01,
    otherwise=0.05,
    published_where="Table 1, MLP 1x512",
    published_cell="table1_cifar10: model=MLP 1x512: train",
    when="2026-01-02T03:04:05+00:00",
    figure={"name": "a figure", "data": {"n": [1, 2], "share": [0.5, 1.0]}},
)
BARE = Evidence("2.1-fit", "it", False, "supported")


def refuse_constant(name):
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("record", [FULL, BARE], ids=["full", "bare"])
def test_a_record_comes_back_from_its_line(record):
    line = record.to_line()
    assert len(line.splitlines()) == 1
    assert Evidence.from_line(line) == record


def test_what_is_not_finite_becomes_null_in_strict_json():
    record = replace(
        FULL,
        values=[math.nan, 0.5, math.inf],
        interval=[math.nan, -math.inf],
        bound={"kind": "at_most", "value": math.inf, "deep": (math.nan, 1)},
        published=math.nan,
        false_alarm=math.inf,
    )
    written = json.loads(record.to_line(), parse_constant=refuse_constant)
    assert written["values"] == [None, 0.5, None]
    assert written["interval"] == [None, None]
    assert written["bound"] == {"kind": "at_most", "value": None, "deep": [None, 1]}
    assert written["published"] is None
    assert written["false_alarm"] is None
    finite = asdict(FULL)
    changed = {"values", "interval", "bound", "published", "false_alarm"}
    assert {key for key in finite if written[key] != finite[key]} == changed


@pytest.mark.parametrize(
    "damaged",
    [
        FULL.to_line()[:-1],
        FULL.to_line().replace('"claim"', '"clam"'),
        "{}",
        "[]",
        "not JSON",
        "\x00\ufffd",
    ],
)
def test_a_damaged_line_is_counted_and_costs_no_other(tmp_path, damaged):
    path = tmp_path / "main.jsonl"
    path.write_text(f"{FULL.to_line()}\n{damaged}\n{BARE.to_line()}\n", encoding="utf-8")
    assert read_evidence(path) == ([FULL, BARE], 1)


@pytest.mark.parametrize(
    ("control", "expected", "right"),
    [
        (False, True, {"supported"}),
        (False, False, {"refuted", "inconclusive"}),
        (True, False, {"refuted"}),
    ],
)
def test_a_record_is_as_it_should_be(control, expected, right):
    """A control must be refuted: one that decides nothing cannot be trusted to fail."""
    for verdict in ("supported", "refuted", "inconclusive", "not run"):
        record = Evidence("2.1-fit", "it", control, verdict, expected=expected)
        assert record.as_it_should == (verdict in right)
