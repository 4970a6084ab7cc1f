"""Run the fast tier, in another process, on a copy of the project with a fault."""

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
    """How the fast tier reacted to a fault."""

    fault: Fault
    caught_by: tuple[str, ...]
    """The first tests that failed; empty if the fault survived."""
    seconds: float
    trouble: str = ""
    """The end of the output, if the session ended without a verdict."""

    @property
    def caught(self) -> bool:
        """Whether a test failed or the session broke down."""
        return bool(self.caught_by or self.trouble)

    @property
    def as_it_should(self) -> bool:
        """Whether it was caught, or is known to survive."""
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
        for tests in (f"claims/{fault.first}", "claims"):
            failed, trouble = _session(copy, tests, workers)
            if failed or trouble:
                break
    return Verdict(fault, failed, time.perf_counter() - started, trouble)


def _session(copy: Path, tests: str, workers: int) -> tuple[tuple[str, ...], str]:
    """The tests that failed; if the session broke down, the end of its output."""
    junit, store = copy.parent / "junit.xml", copy.parent / "runs"
    command = [sys.executable, "-m", "pytest", tests, "-m", "fast", "-x", "-q", "--no-header"]
    command += ["-p", "no:cacheprovider", "--junitxml", str(junit), "--runs", str(store)]
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
    failed = _failed(junit) if junit.is_file() else ()
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
