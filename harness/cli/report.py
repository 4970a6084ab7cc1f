"""``python -m harness report EVIDENCE... --out DIR``: one report of several sessions."""

import argparse
import textwrap
from pathlib import Path

from harness.cli.common import add_store
from harness.errors import HarnessError
from harness.evidence.catalogue import CLAIMS, load_catalogue
from harness.report.page import write_report
from harness.report.scorecard import WIDTH, totals
from harness.report.sources import in_order, read_sources
from harness.report.terminal import warn
from harness.runs.store import default_store


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("evidence", nargs="+", type=Path, metavar="EVIDENCE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    add_store(parser)
    parser.add_argument(
        "--no-records", action="store_true", help="leave out what is recorded in fixtures/records"
    )


def run(options: argparse.Namespace) -> int:
    """Merge the evidence, write the report, and print the totals and what was left out.

    Runs that no evidence file holds come from the store. Raises HarnessError for evidence that
    does not exist or holds no check, and for a folder that cannot be written.
    """
    catalogue = load_catalogue()
    for folder in ("measures", "beyond"):
        catalogue |= load_catalogue(CLAIMS / folder / "catalogue.toml")
    try:
        sources = read_sources(options.evidence, catalogue)
        sources.records = in_order(sources.records, catalogue)
        sources.add_stored_runs(options.runs or default_store())
        if not options.no_records:
            sources.add_records()
        written = write_report(options.out, sources, catalogue)
    except (HarnessError, OSError):
        raise
    except Exception as error:  # Whatever Python raises on a line that was edited by hand.
        raise HarnessError(
            f"{', '.join(map(str, options.evidence))}: a line is not as pytest --evidence wrote it"
            f" ({error!r}): run its tests again"
        ) from error
    for notice in sources.notices:
        warn(notice)
    for line in totals(sources.records, catalogue, sources.recorded):
        print(textwrap.fill(line, WIDTH, break_on_hyphens=False))
    print("\n".join(f"{path.stem}: {path}" for path in written))
    return 0
