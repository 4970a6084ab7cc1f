"""The end of a session: notices, the scorecard, and where the files are."""

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.plugin.evidence import fail
from harness.plugin.options import SESSION
from harness.plugin.recorded import is_recorded
from harness.report.networks import compare, comparison_text
from harness.report.scorecard import WIDTH, scorecard


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
        config, state = session.config, session.config.stash[SESSION]
        folder, sources = config.getoption("--report"), state.sources
        if not is_recorded(config) and any(not record.network for record in sources.records):
            try:  # The repository's records stand beside what was judged here.
                sources.add_records()
            except HarnessError as error:
                state.notices.append(f"the records were left out: {error}")
        # A session that leaves the evidence file as it was leaves the report as well.
        if folder and sources.records and not state.left_as_it_was:
            _write_report(session, folder)


def _write_report(session: pytest.Session, folder: Path) -> None:
    from harness.report.page import write_report

    state = session.config.stash[SESSION]
    try:
        files = write_report(folder, state.sources, state.catalogue)
        state.written[:0] = [(path.stem, path) for path in files]
    except Exception as error:  # Whatever it is, the scorecard follows.
        why = error if isinstance(error, HarnessError) else repr(error)
        state.notices.append(f"no report was written: {why}")
        fail(session)
    state.notices += state.sources.notices


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print the notices, and the scorecard if any claim was judged."""
    config = terminalreporter.config
    session = config.stash[SESSION]
    sources, records = session.sources, session.sources.records
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
        card = scorecard(records, session.catalogue, width, colour, sources.recorded)
        _write(terminalreporter, card)
        if rows := compare(records, sources.runs):
            terminalreporter.section("networks compared")
            _write(terminalreporter, comparison_text(rows, width))
    for name, path in session.written:
        terminalreporter.write_line(f"{name}: {path}")


def _write(terminalreporter: pytest.TerminalReporter, text: str) -> None:
    """Line by line: what the terminal cannot encode pytest escapes, ends of lines included."""
    for line in text.splitlines():
        terminalreporter.write_line(line)
