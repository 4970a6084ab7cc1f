"""The catalogue names every claim of the paper once, in order, and a malformed one is refused."""

from pathlib import Path

import pytest

from harness.errors import HarnessError, UnknownName
from harness.evidence.catalogue import Claim, find, load_catalogue

CATALOGUE = Path(__file__).parents[3] / "claims" / "catalogue.toml"

# Written out, so that a claim cannot leave the catalogue together with its test unnoticed.
IDS = [
    "A-params",
    "A-pipeline",
    "A-protocol",
    "2.1-fit",
    "2.1-chance",
    "2.1-unchanged",
    "2.1-slowdown",
    "2.1-quick",
    "2.1-pixels",
    "2.1-noise-first",
    "2.1-every-level",
    "2.1-time-grows",
    "2.1-error-grows",
    "2.1-imagenet",
    "2.2-rademacher",
    "2.2-vc",
    "2.2-stability-blind",
    "2.2-stability-fails",
    "3-table1",
    "3-not-necessary",
    "3-tuning-knob",
    "3-aug-over-wd",
    "3-table4",
    "3-table2",
    "3.1-early-stopping",
    "3.1-batchnorm",
    "4-lemma1-rank",
    "4-lemma1-eig",
    "4-theorem1",
    "4-weights",
    "4-fewer",
    "4-corollary1",
    "5-any-labels",
    "5-hessian",
    "5-span",
    "5-minnorm",
    "5-mnist",
    "5-mnist-gabor",
    "5-cifar",
    "5-cifar-conv",
    "5-cifar-l2",
    "5-no-gain",
    "5-bad-interpolants",
    "5-norm-no-predictor",
    "5-resources",
]

GOOD = """
[[claim]]
id = "9-one"
section = "9"
sentence = "One is one."
where = "Table 9"
published = "1"
control = "two"
"""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Claim]:
    return load_catalogue(CATALOGUE)


@pytest.fixture
def written(tmp_path):
    """Write a catalogue of the given text and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "catalogue.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_catalogue_holds_every_claim_in_the_papers_order(catalogue):
    assert list(catalogue) == IDS


def test_sections_stand_in_the_papers_order(catalogue):
    sections = list(dict.fromkeys(claim.section for claim in catalogue.values()))
    assert sections == ["A", "2.1", "2.2", "3", "3.1", "4", "5"]
    in_file = [sections.index(claim.section) for claim in catalogue.values()]
    assert in_file == sorted(in_file), "a section is split in two"


@pytest.mark.parametrize("claim_id", IDS)
def test_every_claim_is_complete_and_readable(catalogue, claim_id):
    claim = catalogue[claim_id]
    assert claim.id.startswith(f"{claim.section}-")
    for text in (claim.sentence, claim.where, claim.published, claim.control):
        assert text.strip() == text != ""
        assert not set("`*|#\n") & set(text.replace(" * ", " ")), f"markdown in {text!r}"
    assert claim.sentence.endswith(".") and claim.sentence[0].isupper()
    assert claim.control != "rows" and claim.control != "identity", "written out, please"


def test_identities_name_the_planted_fault_that_stands_in_for_a_control(catalogue):
    identities = [claim.id for claim in catalogue.values() if claim.identity]
    assert identities == ["2.2-stability-blind", "4-fewer", "5-resources"]
    named = [claim.id for claim in catalogue.values() if claim.control.startswith("planted fault")]
    assert named == identities


def test_findings_are_recorded_where_the_paper_does_not_hold_as_printed(catalogue):
    findings = [claim.id for claim in catalogue.values() if claim.finding]
    assert findings == ["2.1-time-grows", "4-weights", "5-any-labels", "5-hessian"]


def test_sentences_are_all_different(catalogue):
    assert len({claim.sentence for claim in catalogue.values()}) == len(IDS)


def test_find_returns_the_claim(catalogue):
    assert find(catalogue, "2.1-fit") is catalogue["2.1-fit"]


def test_find_names_the_nearest_id_for_an_unknown_one(catalogue):
    with pytest.raises(UnknownName, match=r"unknown claim '2\.1-fits'; nearest: 2\.1-fit\b"):
        find(catalogue, "2.1-fits")


def test_a_minimal_claim_has_no_finding_and_is_no_identity(written):
    claim = load_catalogue(written(GOOD))["9-one"]
    assert claim == Claim("9-one", "9", "One is one.", "Table 9", "1", "two", False, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('where = "Table 9"\n', ""), r"claim '9-one' has no field 'where'; add where"),
        (GOOD.replace('id = "9-one"\n', ""), r"claim number 1 has no field 'id'; add id"),
        (
            GOOD + 'were = "x"\n',
            r"claim '9-one' has an unknown field 'were'; .*one of: id, section",
        ),
        (GOOD + GOOD, r"two claims have the id '9-one', the second is claim number 2; give every"),
        (GOOD.replace('"two"', '" "'), r"claim '9-one', field 'control' is empty; fill it in"),
        (
            GOOD.replace('"1"', "1"),
            r"claim '9-one', field 'published' is 1; write a text in quotes",
        ),
        (GOOD + 'identity = "yes"\n', r"field 'identity' is 'yes'; write true or false, without"),
        (GOOD.replace("[[claim]]", "[claim]"), r"no claims; write each as a \[\[claim\]\] table"),
        ("claim = [3]\n", r"claim number 1 is 3; write it as a \[\[claim\]\] table"),
        ("", r"no claims; write each as a \[\[claim\]\] table"),
        ("title = 'x'\n" + GOOD, r"unknown top-level entry 'title'; the file holds \[\[claim\]\]"),
        ("[[claim]\n", r"not valid TOML: .*line 1.*; mend that line"),
    ],
)
def test_a_malformed_catalogue_is_refused(written, text, message):
    path = written(text)
    with pytest.raises(HarnessError, match=message) as refused:
        load_catalogue(path)
    assert str(refused.value).startswith(f"{path}: "), "the file is named first"


def test_a_missing_catalogue_is_refused_with_its_path(tmp_path):
    with pytest.raises(HarnessError, match=r"absent\.toml: .*cannot be read .*; give the path of"):
        load_catalogue(tmp_path / "absent.toml")
