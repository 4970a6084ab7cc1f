"""``python -m harness report EVIDENCE... --out DIR``: one report of several sessions."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from harness.evidence.catalogue import load_catalogue
from harness.report.claim_tests import CLAIMS
from harness.report.page import write_report
from harness.report.scorecard import WIDTH, totals
from harness.report.sources import in_order, read_sources
from harness.runs.store import default_store


def run_report(
    evidence: Sequence[Path], out: Path, runs: Path | None, with_records: bool = True
) -> int:
    """Merge, write, and say what was left out and what the claims come to.

    Runs that no evidence file holds are looked for in the store. Raises HarnessError for evidence
    that is not there or holds no check, and for a folder that cannot be written.
    """
    catalogue = load_catalogue(CLAIMS / "catalogue.toml")
    sources = read_sources(evidence, catalogue)
    sources.records = in_order(sources.records, catalogue)
    sources.add_stored_runs(runs or default_store())
    if with_records:
        sources.add_records()
    written = write_report(out, sources, catalogue)
    for notice in sources.notices:
        print(f"notice: {notice}")
    for line in totals(sources.records, catalogue, sources.recorded):
        print(textwrap.fill(line, WIDTH, break_on_hyphens=False))
    print("\n".join(f"{path.stem}: {path}" for path in written))
    return 0
