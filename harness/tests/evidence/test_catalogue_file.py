"""The catalogue is complete and in the paper's order, and a malformed one is refused."""

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue

FILE = Path(__file__).parents[3] / "claims" / "catalogue.toml"
CATALOGUE = load_catalogue(FILE)
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
    assert FILE.read_text(encoding="utf-8").count("[[claim]]") == 58, "each has an id of its own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace('where = "Table 9"\n', ""), "missing .*'where'"),
        (GOOD + 'were = "x"\n', "unexpected .*'were'"),
        (GOOD + GOOD, "two claims have one id"),
        ("", "cannot be read .*'claim'"),
        ("[[claim]\n", "cannot be read .*line 1"),
    ],
)
def test_a_malformed_catalogue_is_refused(tmp_path, text, message):
    with pytest.raises(HarnessError, match=message) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'catalogue.toml'}: ")
