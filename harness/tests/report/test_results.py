"""The results page follows from the records: judged and written again, it is the same."""

import re

import pytest

from harness.cli.runs import SELECTION
from harness.evidence.catalogue import load_catalogue
from harness.evidence.record import read_evidence
from harness.report.claim_tests import CLAIMS
from harness.report.results import EVIDENCE, PAGE, results_page
from harness.runs.records import RECORDS, Records
from harness.tests.plugin_helpers import PLUGINS, clean_environment, forked

REMEDY = "python -m harness runs page"
EXACT = ("claim", "control", "verdict", "tier", "scale", "unit", "runs", "expected", "recorded")


def by_check(path):
    records, damaged = read_evidence(path)
    assert damaged == 0
    return {(record.test, record.check): record for record in records}


def test_the_evidence_beside_the_records_is_what_they_are_judged_to_be(tmp_path):
    target = tmp_path / "evidence.jsonl"
    words = [*(f"-p{name}" for name in PLUGINS), "-q", "-p", "no:cacheprovider", "claims"]
    words += ["-m", SELECTION, "--recorded", "--evidence", str(target)]
    code, text = forked(CLAIMS.parent, words, clean_environment(tmp_path), 300)
    assert code == 0, text[-2_000:]
    now, kept = by_check(target), by_check(RECORDS / EVIDENCE)
    assert now.keys() == kept.keys(), f"not the same checks: {REMEDY}"
    for check, record in kept.items():
        for name in EXACT:
            assert getattr(now[check], name) == getattr(record, name), f"{check}, {name}: {REMEDY}"
        for name in ("values", "interval"):
            ours, theirs = getattr(now[check], name), getattr(record, name)
            alike = ours == theirs or ours == pytest.approx(theirs, rel=1e-6, nan_ok=True)
            assert alike, f"{check}: {REMEDY}"  # What never got there has no number.


def test_the_page_is_what_the_records_and_their_evidence_say():
    evidence, _ = read_evidence(RECORDS / EVIDENCE)
    page = (RECORDS / PAGE).read_text(encoding="utf-8")
    drawn = re.findall(r"\(figures/([\w-]+)\.svg\)", page)
    assert sorted(drawn) == sorted(path.stem for path in RECORDS.glob("figures/*.svg"))
    catalogue = load_catalogue(CLAIMS / "catalogue.toml")
    assert results_page(Records.load(), evidence, catalogue, drawn) == page, REMEDY
    at_reduced_scale = {it.claim for it in evidence} - {
        it.claim for it in evidence if it.scale != "scaled"
    }
    lines = [line for line in page.splitlines() if line.endswith("supported, at reduced scale |")]
    assert {line.split()[1] for line in lines} == at_reduced_scale


def test_records_are_small():
    sizes = [path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()]
    assert sum(sizes) < 10_000_000
