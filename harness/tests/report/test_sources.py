"""Evidence from several sessions merges; what cannot be shown is left out with a notice."""

import gzip
import json
import re
from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.evidence.formatting import bound
from harness.report.sources import in_order, read_sources
from harness.tests.evidence.test_run_record import stored
from harness.tests.report_helpers import CATALOGUE, NASTY, of_version, record, run, written

GOOD, OTHER = record(check="good"), record("2.1-chance", "other")


def read(*paths):
    return read_sources(paths, CATALOGUE)


def test_sessions_merge_and_the_same_line_counts_once(tmp_path):
    cpu = written(tmp_path / "cpu", GOOD, OTHER, runs=[run()])
    gpu = written(tmp_path / "gpu", GOOD, record("2.1-quick"), runs=[run(), run(seed=1)])
    found = read(cpu, gpu)
    assert found.records == [GOOD, OTHER, record("2.1-quick")]
    assert list(found.runs) == [run().key, run(seed=1).key]
    assert found.files == [("evidence.jsonl", 2), ("evidence.jsonl", 2)]
    assert found.notices == []


@pytest.mark.parametrize("pack", [lambda it: b"\xef\xbb\xbf" + it, gzip.compress])
def test_a_file_with_a_byte_order_mark_or_packed_by_gzip_is_read(tmp_path, pack):
    path = written(tmp_path, GOOD, OTHER, runs=[run()])
    path.write_bytes(pack(path.read_bytes()))
    found = read(path)
    assert found.records == [GOOD, OTHER] and list(found.runs) == [run().key]
    assert found.notices == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda text: text.decode().encode("utf-16"), "no check that can be read"),
        (lambda text: b"", "holds no check; name a file that pytest --evidence FILE has written"),
        (lambda text: b"{" + text[:50], "no check that can be read .*plain or packed by gzip"),
        (lambda text: b"\x1f\x8b" + text, "cannot be read .*; name a file"),
        (lambda text: text.replace(b'"harness": "', b'"harness": "9'), "written by version 9"),
    ],
)
def test_a_file_without_a_check_is_named_with_what_is_wrong(tmp_path, content, reason):
    path = written(tmp_path, GOOD, OTHER)
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(HarnessError, match=reason) as error:
        read(written(tmp_path / "good", GOOD), path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize("name", ["absent.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(tmp_path, name):
    with pytest.raises(HarnessError, match=r"cannot be read .*name a file that pytest --evidence"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.to_line()[:-20], "damaged, or of another format"),
        (run().to_line()[:-30], "damaged, or of another format"),
        (json.dumps({**json.loads(GOOD.to_line()), "colour": "red"}), "or of another format"),
        (of_version(GOOD, "0.0.9").to_line(), r"written by version 0\.0\.9, and this is .*again"),
        (record("9-nine").to_line(), "about the unknown claim '9-nine', which is not in claims/"),
        (record(verdict="fine").to_line(), "of the unknown verdict 'fine'"),
        (record(values="all").to_line(), "damaged, or of another format"),
        (record(interval=[0.9, 0.8, 1]).to_line(), "damaged, or of another format"),
        (record(unit="", bound={"kind": "at_most", "value": None}).to_line(), "damaged, or of"),
        (replace(run(), curve={"step": [1, 2], "loss": [0.1]}).to_line(), "damaged, or of another"),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_notice(tmp_path, line, reason):
    path = written(tmp_path, GOOD, extra=f"{line}\n{OTHER.to_line()}\n")
    found = read(path)
    assert found.records == [GOOD, OTHER]
    (notice,) = found.notices
    assert notice.startswith("evidence.jsonl: line 2 left out, ")
    assert re.search(reason, notice)


def test_evidence_of_an_earlier_format_is_read(tmp_path):
    old = json.loads(GOOD.to_line())
    old |= {"bound": 1.0, "bound_words": "attains 100.00 %", "exhibit": old.pop("figure")}
    for later in ("slack", "notes", "recorded", "agreement", "resolution", "effect"):
        old.pop(later, None)
    path = tmp_path / "evidence.jsonl"
    path.write_text(json.dumps(old) + "\n")
    (found,) = read(path).records
    assert bound(found) == "attains 100.00 %" and found.values == GOOD.values


def test_lines_left_out_for_one_reason_share_a_notice(tmp_path):
    path = written(tmp_path, GOOD, extra="{\n" * 12)
    (notice,) = read(path).notices
    assert notice.startswith("evidence.jsonl: 12 lines (2, 3, 4, 5, 6, 7, 8, 9 and 4 more) left")


def test_text_with_line_separators_is_one_line(tmp_path):
    odd = record(check="a \u2028 b \x85 c", reason=NASTY)
    path = tmp_path / "evidence.jsonl"
    text = json.dumps(json.loads(odd.to_line()), ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    assert read(path).records == [odd]


def test_runs_that_no_file_holds_come_from_the_store(tmp_path):
    stored(tmp_path / "store")
    held = run()
    path = written(tmp_path, record(runs=["00ff", held.key, "gone"]), runs=[held])
    found = read(path)
    found.add_stored_runs(tmp_path / "store")
    assert set(found.runs) == {held.key, "00ff"}


def test_records_stand_in_the_catalogues_order_claims_before_controls():
    mixed = [
        record("5-span"),
        record(check="c", control=True),
        record(check="b"),
        record("A-params"),
    ]
    claims = [(it.claim, it.check) for it in in_order(mixed, CATALOGUE)]
    assert claims == [
        ("A-params", "a check"),
        ("2.1-fit", "b"),
        ("2.1-fit", "c"),
        ("5-span", "a check"),
    ]
