"""The page shows all of every claim, escapes evidence, and loads nothing."""

import html
import re
from html.parser import HTMLParser

import pytest

from harness.evidence.formatting import LONG, brief, command
from harness.report.machines import machines_of
from harness.report.page import write_report
from harness.report.sources import Sources
from harness.sabotage.fault import load_faults, standing_in
from harness.tests.report_helpers import CATALOGUE, CPU, NASTY, record, run, sources


class Page(HTMLParser):
    """The text of every element with an id, and all attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.attributes, self.tags = [], {}, [], set()
        self.glued = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("meta", "br", "wbr"):
            self.open.append((tag, found.get("id")))
        self.glued = tag == "wbr"

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        space, self.glued = "" if self.glued else " ", False
        for _, name in self.open:
            if name:
                self.text[name] = f"{self.text.get(name, '')}{space}{data}"

    def of(self, name):
        return " ".join(self.text[name].split())


def written(folder, made):
    (path, _) = write_report(folder, made, CATALOGUE)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def page(folder):
    return written(folder, sources())


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return written(tmp_path_factory.mktemp("empty"), Sources())


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=lambda claim: claim.id)
def test_every_claim_is_there_with_its_sentence_place_control_and_finding(page, empty, claim):
    for shown in (page.of(f"claim-{claim.id}"), empty.of(f"claim-{claim.id}")):
        for text in (claim.id, claim.sentence, claim.where, claim.published, claim.finding):
            assert " ".join(text.split()) in shown
        assert claim.control.removeprefix("planted fault: ") in shown
        assert ("Planted fault" in shown) == claim.identity


def test_an_identity_shows_the_fault_that_stands_in_for_its_control(page):
    for claim in (claim for claim in CATALOGUE.values() if claim.identity):
        shown = page.of(f"claim-{claim.id}")
        fault = standing_in(claim, load_faults())
        assert f"harness/ {fault.file}" in shown or f"harness/{fault.file}" in shown
        assert " ".join(fault.find.split()) in shown
        assert fault.command in shown


def test_a_claim_that_was_not_run_says_how_to_run_it(page, empty):
    node = "claims/section2_capacity/test_quick.py::test_fitting_random_labels_starts_late"
    for text in (page.of("how-2.1-quick"), empty.of("how-2.1-quick")):
        assert f"pytest -m fast {node}" in text
        assert re.search(rf"pytest -m gpu_full {node}\S+ --data-root=DIR", text)
    assert "not run" in empty.of("claim-2.1-quick")


def test_totals_are_of_all_claims(page, empty):
    for report, judged in ((page, 6), (empty, 0)):
        counts = [
            int(n) for n in re.findall(r"\b(\d+) (?:the|does|nothing)", report.of("verdicts"))
        ]
        assert sum(counts[:5]) == len(CATALOGUE)
        assert counts[4] == len(CATALOGUE) - judged


SHOWN = {
    "claim-2.1-fit": [
        *("50.00 %", "45.00 to 55.00", "refuted", "values: 100.00 %, 99.00 %"),
        "attains 100.00 % in every run from Section 2.1",
        *("1 of 2 refuted, as they must be", "NOT refuted"),
        run().title,
        f"{'f' * 16} neither the evidence nor the store has this run any more",
    ],
    "claim-A-protocol": ["17 more checks, all supported", *(f"number {i}" for i in range(25))],
    "claim-2.1-chance": [NASTY],
    f"run-{run(epochs=12).key}": ["label corruption", "train accuracy 100.00 %"],
    "verdicts": [
        "1 of 2 controls were refuted",
        *("A processor, 2 cores", "A GPU, Another processor, 16 cores"),
        *("torch 2.11.0", "2026-01-02 03:04 UTC", "gpu_full"),
    ],
}


@pytest.mark.parametrize("section", SHOWN)
def test_checks_controls_runs_and_machines_are_shown(page, section):
    text = page.of(section)
    assert [it for it in SHOWN[section] if it not in text] == []


def test_a_copied_command_is_the_command():
    line = "pytest -m fast 'claims/a_b.py::test_<it>' --data-root=DIR"
    markup = str(command(line))
    assert "<wbr>" in markup and "test_<it>" not in markup
    text = re.sub(r"<[^>]*>", "", markup)
    assert html.unescape(text) == line


def test_a_long_note_is_folded_after_its_first_clause():
    note = "over 25 examples; largest, 1, at " + "x" * LONG
    assert brief(note) == ("over 25 examples", "largest, 1, at " + "x" * LONG)
    assert brief("over 25 examples; largest, 1") == ("over 25 examples; largest, 1", "")


def test_the_reason_of_an_expected_failure_is_never_folded(tmp_path):
    why, note = "it holds; " + "as said, " * LONG, "over 25 examples; " + "y" * LONG
    known = record("4-weights", "c", "refuted", expected=False, reason=why, notes=[note])
    (path, _) = write_report(tmp_path, Sources([known]), CATALOGUE)
    text = path.read_text(encoding="utf-8")
    assert f'<span class="reason does-not-reproduce">{why.strip()}' in text
    assert "over 25 examples <details><summary>more</summary>yyy" in text


def test_a_gpu_that_only_some_processes_know_makes_no_second_machine():
    met = record(environment={**CPU, "gpu": "A GPU"}, when="2026-01-02T05:04:05+00:00", seed=7)
    (machine,) = machines_of([record(), met])
    assert machine.hardware == "A GPU, A processor, 2 cores, Linux x86_64"
    assert (machine.when, machine.seeds) == ("2026-01-02 03:04 to 05:04 UTC", "0, 7")
    other = record(environment={**CPU, "torch": "2.12.0"})
    assert [it.letter for it in machines_of([record(), other])] == ["A", "B"]


def test_nothing_is_fetched_and_every_link_leads_somewhere(page):
    assert not page.tags & {"script", "link", "iframe", "object", "img"}, "evidence is text"
    for tag, name, value in page.attributes:
        if name in ("href", "xlink:href"):
            assert value.startswith("#") or value.startswith("data:"), (tag, value)
        assert name not in ("src", "srcset", "onload", "onclick")
    assert "default-src 'none'" in " ".join(str(value) for *_, value in page.attributes)


def test_data_that_cannot_be_drawn_leave_out_a_figure_with_a_notice(tmp_path):
    broken = record("4-theorem1", figure={"name": "theorem1-function", "data": {"n": 3}})
    page = written(tmp_path, Sources([broken], notices=["x.jsonl: line 3 left out, damaged"]))
    assert "theorem1-function" not in page.text
    assert "x.jsonl: line 3 left out, damaged" in page.of("verdicts")
    assert "the figure theorem1-function cannot be drawn from this evidence" in page.of("verdicts")
    assert not (tmp_path / "figures" / "theorem1-function.svg").exists()
