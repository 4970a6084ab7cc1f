"""The end of a session: notices, the scorecard, and where the files are."""

import re
from functools import cache

import pytest

from harness.errors import StoreError
from harness.files import write_atomically
from harness.plugin.evidence import MERGED
from harness.plugin.options import CLAIMS, SESSION
from harness.report.figures import figures_as_svg
from harness.report.scorecard import WIDTH, scorecard

CLAIM_MARKER = re.compile(r"""mark\.claim\(\s*["']([^"']+)["']""")


def pytest_report_header(config: pytest.Config) -> str:
    """What a failure needs to be repeated."""
    return f"claims: base seed {config.getoption('--base-seed')}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print the scorecard if any claim was judged."""
    config = terminalreporter.config
    session, records = config.stash[SESSION], config.stash.get(MERGED, [])
    if session.worker:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        terminalreporter.write_line(
            "interrupted: finished runs are kept; the same command takes up where this one stopped",
            yellow=True,
        )
    for text in session.notices:
        terminalreporter.write_line(f"notice: {text}", yellow=True)
    if not records:
        return
    terminalreporter.section("claims of the paper")
    written = written_claims()
    colour = terminalreporter.hasmarkup
    width = max(WIDTH, min(terminalreporter._tw.fullwidth, 140)) if colour else WIDTH
    terminalreporter.write(scorecard(records, session.catalogue, written, width, colour))
    if folder := config.getoption("--report"):
        path = folder / "scorecard.txt"
        try:
            write_atomically(path, scorecard(records, session.catalogue, written).encode())
            terminalreporter.write_line(f"scorecard: {path}")
            for name, svg in figures_as_svg(records).items():
                write_atomically(folder / "figures" / f"{name}.svg", svg.encode())
                terminalreporter.write_line(f"figure: {folder / 'figures' / name}.svg")
        except StoreError as error:
            terminalreporter.write_line(f"notice: {error}", yellow=True)
    if (target := config.getoption("--evidence")) and session.evidence_written:
        terminalreporter.write_line(f"evidence: {target}")


@cache
def written_claims() -> set[str]:
    """The ids that a test of the claims folder names."""
    return {
        claim
        for path in sorted(CLAIMS.rglob("test_*.py"))
        for claim in CLAIM_MARKER.findall(path.read_text(encoding="utf-8"))
    }
