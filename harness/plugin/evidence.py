"""Collecting evidence: each process writes what it judged at once, the controller merges."""

import contextlib
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from harness.environment import describe, now
from harness.errors import HarnessError, StoreError
from harness.evidence import ClaimNotSupported, ControlNotRefuted
from harness.evidence.record import UNREADABLE, Evidence, read_evidence
from harness.evidence.run_record import RunRecord, stored_runs
from harness.files import write_atomically
from harness.plugin.options import CLAIMS, SESSION, Session, trains_nothing
from harness.plugin.own_networks import command_words
from harness.plugin.tiers import claim_of, tier_of
from harness.plugin.trials import network_of
from harness.runs.store import default_store

JUDGED = pytest.StashKey[int]()
MERGED = pytest.StashKey[list[Evidence]]()
RUNS = pytest.StashKey[list[RunRecord]]()
"""The runs behind the merged evidence, for the evidence file and the report."""


def append(config: pytest.Config, record: Evidence) -> None:
    """Add a line to this process's own file, and flush it."""
    session = config.stash[SESSION]
    path = session.folder / f"{session.process}.jsonl"
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(record.to_line() + "\n")
    except OSError as error:
        raise StoreError(f"cannot write evidence to {path}: {error.strerror}") from error


def notice(config: pytest.Config, text: str) -> None:
    """Something that the person must learn at the end of the session."""
    session = config.stash[SESSION]
    with (session.folder / f"{session.process}.notices").open("a", encoding="utf-8") as file:
        file.write(json.dumps(text) + "\n")


def command_for(item: pytest.Item) -> str:
    """What repeats one test as this session runs it."""
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
    words += command_words(item)
    return shlex.join(words)


def _where(item: pytest.Item) -> list[str]:
    """A test by its path; by its module where the claims are installed, and lie elsewhere."""
    if not item.path.is_relative_to(CLAIMS) or item.config.invocation_params.dir == CLAIMS.parent:
        return [item.nodeid]
    module = ".".join(item.path.relative_to(CLAIMS.parent).with_suffix("").parts)
    return ["-p", "harness.plugin", "--pyargs", f"{module}::{item.nodeid.partition('::')[2]}"]


def blank(item: pytest.Item, **facts: Any) -> Evidence:
    """A record that knows its test, claim, tier and how to repeat it."""
    claim, control = claim_of(item)
    xfail = item.get_closest_marker("xfail")
    return Evidence(
        **{
            "claim": claim,
            "network": network_of(item),
            "check": "",
            "control": control,
            "verdict": "not run",
            "tier": tier_of(item),
            "test": item.nodeid,
            "expected": not control and xfail is None,
            "reason": xfail.kwargs.get("reason", "") if xfail else "",
            "seed": item.config.getoption("--base-seed"),
            "command": command_for(item),
            "environment": describe(),
            "when": now(),
            **facts,
        }
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """A claim or control test that passes without having judged anything is an error."""
    item.stash[JUDGED] = 0
    result = yield
    if claim_of(item)[0] and not item.stash[JUDGED]:
        pytest.fail("the test ended without judging anything: call judge(...)", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """A claim's test that ended otherwise than by a verdict leaves a record that says so."""
    report = yield
    decided = call.excinfo is None or call.excinfo.errisinstance(
        (ClaimNotSupported, ControlNotRefuted)
    )
    if report.when in ("setup", "call") and not report.passed and claim_of(item)[0] and not decided:
        notes = getattr(call.excinfo.value, "__notes__", [])
        why = UNREADABLE.sub(" ", ", ".join(map(str, [call.excinfo.value, *notes])))
        when = "all was judged" if item.stash.get(JUDGED, 0) else "it judged"
        append(item.config, blank(item, check=f"ended before {when}", reason=why[:500]))
    if call.excinfo is not None and call.excinfo.errisinstance(HarnessError):
        report.longrepr = f"{item.nodeid}\n{call.excinfo.value}"
    elif call.excinfo is not None and decided and report.failed:
        told = call.excinfo.getrepr(style="value")  # Without the plugin's own lines,
        told.reprcrash = getattr(report.longrepr, "reprcrash", None)  # but for the summary.
        report.longrepr = told
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Leave word of the running test, for the case that this process dies in it."""
    session = item.config.stash[SESSION]
    running = session.folder / f"{session.process}.running"
    if tier_of(item):
        word = blank(item, check="the process died", reason=f"{session.process} died in it")
        with contextlib.suppress(OSError):
            running.write_text(word.to_line())
    result = yield
    running.unlink(missing_ok=True)
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Merge the files of all processes; write ``--evidence``."""
    config = session.config
    state = config.stash[SESSION]
    if state.worker or trains_nothing(config):
        return
    records, damaged = merge(state)
    if damaged:
        state.notices.append(f"{damaged} damaged lines of evidence were left out")
    config.stash[MERGED] = records
    config.stash[RUNS] = stored_runs(config.getoption("--runs") or default_store(), records)
    if target := config.getoption("--evidence"):
        write_evidence(target, [*records, *config.stash[RUNS]], state)
        if not state.evidence_written and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def merge(state: Session) -> tuple[list[Evidence], int]:
    """All records, in the catalogue's order, and the number of damaged lines."""
    records: list[Evidence] = []
    damaged = 0
    for path in sorted(state.folder.glob("*.jsonl")) + sorted(state.folder.glob("*.running")):
        found, broken = read_evidence(path)
        records += found
        damaged += broken
    for path in sorted(state.folder.glob("*.notices")):
        state.notices += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    order = {claim: place for place, claim in enumerate(state.catalogue)}
    records.sort(key=lambda r: (order.get(r.claim, len(order)), r.control, r.test, r.check))
    return records, damaged


def write_evidence(target: Path, records: list[Evidence | RunRecord], state: Session) -> None:
    """All lines at once; a failure is told, and the parts are kept."""
    try:
        write_atomically(target, "".join(r.to_line() + "\n" for r in records).encode())
    except StoreError as error:
        state.notices.append(f"the evidence could not be written ({error})")
        state.evidence_written = False
        state.notices.append(f"what was judged is still in {state.folder}")
