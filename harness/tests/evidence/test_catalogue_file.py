"""The catalogue is complete and in the paper's order, and a malformed one is refused."""

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parents[3] / "claims" / "catalogue.toml")
SECTIONS = ["A", "1.1", "2.1", "2.2", "3", "3.1", "4", "5"]


def test_the_catalogue_holds_every_claim_in_the_papers_order():
    sections = [SECTIONS.index(claim.section) for claim in CATALOGUE.values()]
    assert sections == sorted(sections) and set(sections) == set(range(len(SECTIONS)))
    assert len({claim.sentence for claim in CATALOGUE.values()}) == len(CATALOGUE) == 58


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[claim]]\nid = "9-one"', "missing .* 'section'"),
        ("", "'claim'"),
        ("[[claim]\n", "line 1"),
    ],
)
def test_a_malformed_catalogue_is_refused(tmp_path, text, message):
    path = tmp_path / "catalogue.toml"
    path.write_text(text)
    with pytest.raises(HarnessError, match=rf"catalogue.toml: .* cannot be read: .*{message}"):
        load_catalogue(path)
