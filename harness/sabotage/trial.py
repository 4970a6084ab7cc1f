"""One fault on trial: the fast tier, in a process of its own, on a copy that has the fault."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from harness.environment import available_cores
from harness.sabotage.fault import PROJECT, Fault, plant

NOTHING_FAILED = 0
TESTS_FAILED = 1


@dataclass(frozen=True)
class Verdict:
    """What the fast tier made of a fault."""

    fault: Fault
    caught_by: tuple[str, ...]
    """Tests that failed, the first ones; empty where the fault survived."""
    seconds: float
    trouble: str = ""
    """The end of the output, where the session broke down before any test could fail."""

    @property
    def caught(self) -> bool:
        """Whether anything noticed: a session that breaks down has noticed, too."""
        return bool(self.caught_by or self.trouble)

    @property
    def as_it_should(self) -> bool:
        """Caught, or known to be harmless to what the fast tier can see."""
        return self.caught != bool(self.fault.survives)


def try_fault(fault: Fault, workers: int | None = None, project: Path = PROJECT) -> Verdict:
    """Plant the fault in a scratch copy; run the claims that should notice, then all the others.

    Every run of pytest has a fresh store, and stops at the first failure.
    """
    started = time.perf_counter()
    workers = available_cores() if workers is None else workers
    with tempfile.TemporaryDirectory(prefix="sabotage-") as scratch:
        copy = Path(scratch) / "project"
        copy.mkdir()
        plant(fault, copy, project)
        for place in (f"claims/{fault.first}", "claims"):
            failed, trouble = _session(copy, place, workers)
            if failed or trouble:
                break
    return Verdict(fault, failed, time.perf_counter() - started, trouble)


def _session(copy: Path, place: str, workers: int) -> tuple[tuple[str, ...], str]:
    """The tests that failed, and the end of the output where the session broke down."""
    told, store = copy.parent / "junit.xml", copy.parent / "runs"
    command = [sys.executable, "-m", "pytest", place, "-m", "fast", "-x", "-q", "--no-header"]
    command += ["-p", "no:cacheprovider", "--junitxml", str(told), "--runs", str(store)]
    command += ["-n", str(workers)] if workers > 1 else []
    path = os.pathsep.join([str(copy), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command,
        cwd=copy,
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOTHING_FAILED:
        return (), ""
    failed = _failed(told) if told.is_file() else ()
    trouble = "" if failed else (done.stdout + done.stderr)[-2_000:]
    return failed, trouble


def _failed(junit: Path) -> tuple[str, ...]:
    """Names of the tests that failed, as classname::name."""
    cases = ET.parse(junit).getroot().iter("testcase")
    return tuple(
        f"{case.get('classname', '').removeprefix('claims.')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    )
