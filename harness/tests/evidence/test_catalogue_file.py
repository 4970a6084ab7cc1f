"""The catalogue is complete and in the paper's order, and a malformed one is refused."""

from pathlib import Path

import pytest

from harness.errors import HarnessError, UnknownName
from harness.evidence.catalogue import Claim, find, load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parents[3] / "claims" / "catalogue.toml")
SECTIONS = ["A", "1.1", "2.1", "2.2", "3", "3.1", "4", "5"]

GOOD = """
[[claim]]
id = "9-one"
section = "9"
sentence = "One is one."
where = "Table 9"
published = "1"
control = "two"
"""


def load(folder, text):
    path = folder / "catalogue.toml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def test_the_catalogue_holds_every_claim_in_the_papers_order():
    sections = [SECTIONS.index(claim.section) for claim in CATALOGUE.values()]
    assert sections == sorted(sections) and set(sections) == set(range(len(SECTIONS)))
    assert len({claim.sentence for claim in CATALOGUE.values()}) == len(CATALOGUE) == 58


@pytest.mark.parametrize("claim", CATALOGUE.values(), ids=CATALOGUE)
def test_every_claim_is_complete_and_readable(claim):
    assert claim.id.startswith(f"{claim.section}-")
    for text in (claim.sentence, claim.where, claim.published, claim.control):
        assert text.strip() == text != ""
        assert not set("`*|#\n") & set(text.replace(" * ", " ")), f"markdown in {text!r}"
    assert claim.sentence.endswith(".") and claim.sentence[0].isupper()


def test_identities_name_the_planted_fault_that_stands_in_for_a_control():
    identities = [claim.id for claim in CATALOGUE.values() if claim.identity]
    assert identities == ["2.2-stability-blind", "4-fewer", "5-resources"]
    named = [claim.id for claim in CATALOGUE.values() if claim.control.startswith("planted fault")]
    assert named == identities


def test_findings_are_recorded_where_the_paper_does_not_hold_as_printed():
    findings = [claim.id for claim in CATALOGUE.values() if claim.finding]
    exact = ["4-weights", "4-p-over-n", "5-any-labels", "5-hessian", "5-small-norm"]
    assert findings == exact


def test_find_returns_the_claim_or_names_the_nearest_id():
    assert find(CATALOGUE, "2.1-fit") is CATALOGUE["2.1-fit"]
    with pytest.raises(UnknownName, match=r"unknown claim '2\.1-fits'; nearest: 2\.1-fit\b"):
        find(CATALOGUE, "2.1-fits")


def test_a_minimal_claim_has_no_finding_and_is_no_identity(tmp_path):
    claim = load(tmp_path, GOOD)["9-one"]
    assert claim == Claim("9-one", "9", "One is one.", "Table 9", "1", "two", False, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('where = "Table 9"\n', ""), r"claim '9-one' has no 'where'; add where"),
        (GOOD.replace('id = "9-one"\n', ""), r"claim number 1 has no 'id'; add id"),
        (
            GOOD + 'were = "x"\n',
            r"claim '9-one' has an unknown field 'were'; .*one of: id, section",
        ),
        (GOOD + GOOD, r"two claims have the id '9-one'; rename one"),
        ("", r"cannot be read .*; write each claim as a \[\[claim\]\] table"),
        ("[[claim]\n", r"cannot be read .*line 1"),
    ],
)
def test_a_malformed_catalogue_is_refused(tmp_path, text, message):
    with pytest.raises(HarnessError, match=message) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'catalogue.toml'}: ")


def test_a_missing_catalogue_is_refused_with_its_path(tmp_path):
    with pytest.raises(HarnessError, match=r"absent\.toml: .*No such file.*restore the file"):
        load_catalogue(tmp_path / "absent.toml")
