"""claims/beyond: apart from the paper's claims, and run only where it is named."""

from claims.beyond import test_early_learning, test_norms
from harness.evidence.catalogue import load_catalogue
from harness.evidence.record import Evidence
from harness.plugin.options import CLAIMS
from harness.report.networks import LATER_WORK, compare, of_the_paper
from harness.report.page import render
from harness.report.scorecard import scorecard
from harness.report.sources import Sources
from harness.tests.plugin_helpers import Project

CATALOGUE = load_catalogue(CLAIMS / "beyond" / "catalogue.toml")
PAPERS = load_catalogue(CLAIMS / "catalogue.toml")
EVIDENCE = [
    Evidence(claim, "a share", control, verdict, [0.5], "share", network=LATER_WORK, tier="fast")
    for claim, control, verdict in (
        ("B-norms-grow", False, "supported"),
        ("B-norms-grow", True, "refuted"),
    )
]


def test_each_of_its_claims_is_tested_and_controlled():
    assert not CATALOGUE.keys() & PAPERS.keys()
    marked = {"claim": set(), "control": set()}
    for module in (test_early_learning, test_norms):
        for name, test in vars(module).items():
            for mark in getattr(test, "pytestmark", ()) if name.startswith("test_") else ():
                if mark.name in marked:
                    marked[mark.name] |= set(mark.args)
    assert marked["claim"] == marked["control"] == set(CATALOGUE)


def test_it_is_collected_where_it_is_named(tmp_path):
    words = ["--rootdir", str(CLAIMS.parent), "--collect-only", "-q"]
    done = Project(tmp_path, "").run_each([*words, str(it)] for it in (CLAIMS, CLAIMS / "beyond"))
    assert [text.count("beyond/test_") for _, text in done] == [0, 12], done


def test_it_counts_for_none_of_the_papers_claims():
    assert of_the_paper(EVIDENCE) == compare(EVIDENCE, {}) == []
    card = scorecard(EVIDENCE, PAPERS | CATALOGUE)
    assert "Beyond the paper: these count for none of its claims" in card
    assert "later work: 1 supported, of 1 claims" in card
    assert "claims judged" not in card
    page = render(Sources(EVIDENCE, {}), PAPERS | CATALOGUE, {}, {})
    assert page.count('id="claim-B-norms-grow"') == 1
    assert page.index('<section id="beyond"') < page.index('id="claim-B-norms-grow"')
    assert "Tried here: what later work found" in page
    assert f"own {len(PAPERS)} claims were not" in page
