"""The end of a session: notices, the scorecard, and where the files are."""

import pytest

from harness.errors import HarnessError
from harness.plugin.evidence import MERGED, RUNS
from harness.plugin.options import SESSION
from harness.report.index import written_claims
from harness.report.networks import compare, comparison_text
from harness.report.scorecard import WIDTH, scorecard
from harness.report.sources import Sources


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
    for text in dict.fromkeys(session.notices):  # Each worker may have said it.
        terminalreporter.write_line(f"notice: {text}", yellow=True)
    if not records:
        return
    terminalreporter.section("claims of the paper")
    colour = terminalreporter.hasmarkup
    width = max(WIDTH, min(terminalreporter._tw.fullwidth, 140)) if colour else WIDTH
    terminalreporter.write(scorecard(records, session.catalogue, written_claims(), width, colour))
    if rows := compare(records, {run.key: run for run in config.stash[RUNS]}):
        terminalreporter.section("networks compared")
        terminalreporter.write(comparison_text(rows, width))
    if folder := config.getoption("--report"):
        from harness.report.write import write_report

        sources = Sources(records, {run.key: run for run in config.stash[RUNS]})
        try:
            for path in write_report(folder, sources, session.catalogue):
                terminalreporter.write_line(f"{path.stem}: {path}")
        except HarnessError as error:
            terminalreporter.write_line(f"notice: no report was written: {error}", yellow=True)
            if not exitstatus:
                # What was asked for and is not there is no success, as for --evidence.
                running = config.pluginmanager.get_plugin("session")
                running.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        for text in sources.notices:
            terminalreporter.write_line(f"notice: {text}", yellow=True)
    if (target := config.getoption("--evidence")) and session.evidence_written:
        terminalreporter.write_line(f"evidence: {target}")
