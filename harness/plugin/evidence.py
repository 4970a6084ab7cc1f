"""Collecting evidence: each process writes its verdicts at once, the controller merges them.

The parts lie beside the evidence file until they are in it. A session replaces that file as a
whole, unless it ended early and has verdicts on fewer tests.
"""

import contextlib
import json
import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.environment import describe, now
from harness.errors import HarnessError, StoreError
from harness.evidence import ClaimNotSupported, ControlNotRefuted
from harness.evidence.record import Evidence, read_evidence, run_record, stored_runs
from harness.files import write_atomically
from harness.plugin.attempts import note_on, supersede_dead
from harness.plugin.junit import JUDGED
from harness.plugin.options import CLAIMS, SESSION, Session, trains_nothing
from harness.plugin.recorded import REASON, RECORDS, is_recorded, recorded_runs
from harness.plugin.tiers import claim_of, tier_of
from harness.report.sources import Sources, in_order
from harness.runs.records import where_and_when

NETWORK = pytest.StashKey[str]()
"""The title of the custom network that a test tries; absent for the paper's tests."""
COMMAND = pytest.StashKey[list[str]]()
"""Options that a command needs to repeat this test."""
UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""In an error's text: control characters of a terminal, and lone surrogates."""


def append(item: pytest.Item, record: Evidence) -> None:
    """Add a line to this process's own file."""
    record.notes += filter(None, [note_on(item)])
    item.stash.setdefault(JUDGED, []).append(record)
    item.config.stash[SESSION].add_line(".jsonl", record.to_line())


def command_for(item: pytest.Item) -> str:
    """The shell command that repeats one test as this session runs it."""
    option = item.config.getoption
    words = ["pytest", *_where(item)]
    for name, default in (
        ("--device", "auto"),
        ("--precision", "auto"),
        ("--base-seed", 0),
        ("--data-root", None),
        ("--steps", "eager"),
        ("--hypothesis-profile", None),
    ):
        if (value := option(name, default)) != default:
            words += [name, str(value)]
    words += ["--recorded"] * is_recorded(item.config)
    words += item.stash.get(COMMAND, [])
    return shlex.join(words)


def _where(item: pytest.Item) -> list[str]:
    """A test by its path, or by its module where the installed claims are tested."""
    if not item.path.is_relative_to(CLAIMS) or item.config.invocation_params.dir == CLAIMS.parent:
        return [item.nodeid]
    module = ".".join(item.path.relative_to(CLAIMS.parent).with_suffix("").parts)
    return ["-p", "harness.plugin", "--pyargs", f"{module}::{item.nodeid.partition('::')[2]}"]


def blank(item: pytest.Item, **facts: Any) -> Evidence:
    """A record with its test, claim, tier, and the command that repeats it."""
    claim, control = claim_of(item)
    xfail = item.get_closest_marker("xfail")
    environment, when, recorded = describe(), now(), ""
    if is_recorded(item.config) and (runs := list(recorded_runs(item).values())):
        # Where and when it was measured, not where and when it is judged.
        last = max(runs, key=lambda run: run.finished)
        environment, when, recorded = last.environment, last.finished, where_and_when(runs)
    return Evidence(
        **{
            "claim": claim,
            "network": item.stash.get(NETWORK, ""),
            "check": "",
            "control": control,
            "verdict": "not run",
            "tier": tier_of(item),
            "test": item.nodeid,
            "expected": not control and xfail is None,
            "reason": xfail.kwargs.get("reason", "") if xfail else "",
            "seed": item.config.getoption("--base-seed"),
            "command": command_for(item),
            "environment": environment,
            "when": when,
            "recorded": recorded,
            **facts,
        }
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Fail a test of a claim or control that passes without a verdict."""
    result = yield
    if claim_of(item)[0] and not item.stash.get(JUDGED, []):
        pytest.fail("the test ended without judging anything: call judge(...)", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """Leave a record of a claim's test that ended by an exception that is no verdict."""
    report = yield
    decided = call.excinfo is None or call.excinfo.errisinstance(
        (ClaimNotSupported, ControlNotRefuted)
    )
    left_out = REASON in str(report.longrepr) and report.skipped
    unfinished = report.when in ("setup", "call") and not report.passed and not left_out
    if unfinished and claim_of(item)[0] and not decided:
        notes = getattr(call.excinfo.value, "__notes__", [])
        why = UNREADABLE.sub(" ", ", ".join(map(str, [call.excinfo.value, *notes])))
        judged = report.when == "call" and item.stash.get(JUDGED, [])
        when = "all was judged" if judged else "it judged"
        with contextlib.suppress(StoreError):  # On a full disk the report itself says why.
            append(item, blank(item, check=f"ended before {when}", reason=why[:500]))
    if call.excinfo is not None and call.excinfo.errisinstance(HarnessError):
        report.longrepr = f"{item.nodeid}\n{call.excinfo.value}"
    elif call.excinfo is not None and decided and report.failed:
        message = call.excinfo.getrepr(style="value")  # Without the plugin's traceback,
        message.reprcrash = getattr(report.longrepr, "reprcrash", None)  # but for the summary.
        report.longrepr = message
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Leave a record of the running test, in case this process dies in it."""
    session = item.config.stash[SESSION]
    running = session.folder / f"{session.process}.running"
    if tier_of(item) and session.held is None:
        record = blank(item, check="the process died", reason=f"{session.process} died in it")
        with contextlib.suppress(OSError):
            running.write_text(record.to_line())
    result = yield
    running.unlink(missing_ok=True)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Any:
    """Merge the files of all processes and write ``--evidence``, whatever else has failed."""
    config = session.config
    state = config.stash[SESSION]
    try:
        yield
    except Exception as error:
        if state.worker:
            raise
        state.notices.append(f"after the tests, a plugin failed: {type(error).__name__}: {error}")
        fail(session)
    finally:
        if not state.worker and not trains_nothing(config):
            _finish(session, state)


def _finish(session: pytest.Session, state: Session) -> None:
    config = session.config
    try:
        state.release()
    except StoreError as error:
        state.notices.append(str(error))
        fail(session)
    records, damaged = merge(state)
    target = config.getoption("--evidence")
    state.keeps_parts = bool(target and tests_judged(records))
    if damaged:
        state.notices.append(f"{damaged} damaged lines of evidence were left out")
    if is_recorded(config):
        by_key = config.stash[RECORDS].by_key
        keys = dict.fromkeys(key for record in records for key in record.runs)
        runs = [run_record(by_key[key]) for key in keys]
    else:
        runs = stored_runs(config.getoption("--runs"), records)
    state.sources = Sources(records, {run.key: run for run in runs})
    if target is None:
        return
    try:
        if why := _no_better(session, target, records):
            state.left_as_it_was = True
            state.notices.append(why)
            return
        lines = [it.to_line() + "\n" for it in [*records, *runs]]
        write_atomically(target.resolve(), "".join(lines).encode())
    except (OSError, StoreError) as error:
        state.notices.append(f"the evidence could not be written ({error})")
        state.notices.append(f"what was judged is still in {state.folder}")
        fail(session)
        return
    state.written.append(("evidence", target))
    state.keeps_parts = False
    _clear_away(state, records)


def fail(session: pytest.Session) -> None:
    """End with an error: something that was asked for is missing."""
    session.exitstatus = session.exitstatus or pytest.ExitCode.INTERNAL_ERROR


def merge(state: Session) -> tuple[list[Evidence], int]:
    """All records, in the catalogue's order, and the number of damaged lines.

    Of a test in which a process died, and that another process has tried again, the other's count.
    """
    found: dict[str, list[Evidence]] = {}
    damaged = 0
    for path in sorted(state.folder.glob("*.jsonl")) + sorted(state.folder.glob("*.running")):
        records, broken = read_evidence(path)
        found.setdefault(path.stem, []).extend(records)
        damaged += broken
    for path in sorted(state.folder.glob("*.notices")):
        state.notices += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for process in [path.stem for path in state.folder.glob("*.running")]:
        supersede_dead(found, process, state)
    every = [record for records in found.values() for record in records]
    return in_order(every, state.catalogue), damaged


def tests_judged(records: Iterable[Evidence]) -> set[str]:
    """The tests that have a verdict."""
    return {record.test for record in records if record.verdict != "not run"}


def _no_better(session: pytest.Session, target: Path, records: list[Evidence]) -> str:
    """Why this session's evidence must not replace what is in the file; empty if it may."""
    judged = tests_judged(records)
    if not judged and target.exists() and target.stat().st_size:
        return f"{target} is left as it was: this session judged nothing"
    if not records:
        return f"{target} was not written: this session judged nothing"
    whole = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if whole and not session.shouldfail and not session.shouldstop:
        return ""
    if left := tests_judged(read_evidence(target)[0]) - judged:
        return (
            f"{target} is left as it was: this session ended early, without {len(left)} of the"
            f" tests that are in it; what it judged is in {session.config.stash[SESSION].folder}"
        )
    return ""


def _clear_away(state: Session, records: list[Evidence]) -> None:
    """Remove the parts of killed sessions once the evidence has verdicts on all of their tests."""
    judged = tests_judged(records)
    for folder in state.folder.parent.iterdir():
        if not folder.is_dir() or folder == state.folder:
            continue
        parts = [it for path in folder.glob("*.jsonl") for it in read_evidence(path)[0]]
        if tests_judged(parts) <= judged:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        state.notices.append(
            f"{folder} has verdicts of a session that ended early, on tests on which this one has"
            f" none: python -m harness report {folder}/*.jsonl --out DIR shows them"
        )
