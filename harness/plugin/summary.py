"""The end of a session: notices, the scorecard, and where the files are."""

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.evidence.record import Evidence
from harness.plugin.evidence import LEFT, MERGED, RUNS, WRITTEN, fail
from harness.plugin.options import SESSION
from harness.plugin.recorded import is_recorded
from harness.report.networks import compare, comparison_text
from harness.report.scorecard import WIDTH, scorecard
from harness.report.sources import Sources

SOURCES = pytest.StashKey[Sources]()
"""The source of scorecard and report, where anything was judged."""
REPORT = pytest.StashKey[list[Path]]()
"""The files of the report, once they are written."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The base seed, which a failure needs to be repeated; a measure must not know it."""
    secret = config.getoption("--measure")
    return [] if secret else [f"claims: base seed {config.getoption('--base-seed')}"]


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Any:
    """Write the report once the evidence is merged, with or without a terminal."""
    try:
        return (yield)
    finally:
        config = session.config
        folder, records = config.getoption("--report"), config.stash.get(MERGED, [])
        if records:
            config.stash[SOURCES] = _sources(config, records)
        # A session that leaves the evidence file as it was leaves the report as well.
        if folder and records and LEFT not in config.stash:
            _write_report(session, folder)


def _sources(config: pytest.Config, records: list[Evidence]) -> Sources:
    """This session's evidence, and the repository's records beside it."""
    sources = Sources(records, {run.key: run for run in config.stash[RUNS]})
    if not is_recorded(config) and any(not record.network for record in records):
        try:
            sources.add_records()
        except HarnessError as error:
            config.stash[SESSION].notices.append(f"the records were left out: {error}")
    return sources


def _write_report(session: pytest.Session, folder: Path) -> None:
    from harness.report.page import write_report

    state, sources = session.config.stash[SESSION], session.config.stash[SOURCES]
    try:
        session.config.stash[REPORT] = write_report(folder, sources, state.catalogue)
    except Exception as error:  # Whatever it is, the scorecard follows.
        why = error if isinstance(error, HarnessError) else repr(error)
        state.notices.append(f"no report was written: {why}")
        fail(session)
    state.notices += sources.notices


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print the notices, and the scorecard if any claim was judged."""
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
    if records:
        terminalreporter.section("claims of the paper")
        colour = terminalreporter.hasmarkup
        width = max(WIDTH, min(terminalreporter._tw.fullwidth, 140)) if colour else WIDTH
        beside = config.stash[SOURCES].recorded
        _write(terminalreporter, scorecard(records, session.catalogue, width, colour, beside))
        if rows := compare(records, {run.key: run for run in config.stash[RUNS]}):
            terminalreporter.section("networks compared")
            _write(terminalreporter, comparison_text(rows, width))
    for path in config.stash.get(REPORT, ()):
        terminalreporter.write_line(f"{path.stem}: {path}")
    if WRITTEN in config.stash:
        terminalreporter.write_line(f"evidence: {config.stash[WRITTEN]}")


def _write(terminalreporter: pytest.TerminalReporter, text: str) -> None:
    """Line by line: what the terminal cannot encode pytest escapes, ends of lines included."""
    for line in text.splitlines():
        terminalreporter.write_line(line)
