"""The catalogue is complete and in the paper's order, and a malformed one is refused."""

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue

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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('where = "Table 9"\n', ""), r"claim '9-one': .* missing .*'where'"),
        (GOOD.replace('id = "9-one"\n', ""), r"claim 1: .* missing .*'id'"),
        (GOOD + 'were = "x"\n', "claim '9-one': .* unexpected .*'were'"),
        (GOOD + GOOD, r"two claims have the id '9-one'; rename one"),
        ("", r"cannot be read .*; write each claim as a \[\[claim\]\] table"),
        ("[[claim]\n", r"cannot be read .*line 1"),
    ],
)
def test_a_malformed_catalogue_is_refused(tmp_path, text, message):
    with pytest.raises(HarnessError, match=message) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'catalogue.toml'}: ")
