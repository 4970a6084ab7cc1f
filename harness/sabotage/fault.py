"""The list of planted faults, and the fast tier run on a copy of the project with one of them."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.environment import available_cores
from harness.errors import HarnessError, UnknownName
from harness.evidence.catalogue import PLANTED, Claim

PROJECT = Path(__file__).parents[2]
FAULTS = Path(__file__).parent / "faults.toml"
COPIED = ("claims", "fixtures", "harness", "conftest.py", "pyproject.toml")


@dataclass(frozen=True)
class Fault:
    """One replacement in one file of the product."""

    name: str
    area: str
    file: str
    """Under harness/."""
    find: str
    replace: str
    first: str
    """Folder or file of claims/ that should notice it; run before the whole fast tier."""
    survives: str = ""
    """Why the fast tier cannot notice it; empty if it must."""

    @property
    def command(self) -> str:
        """The command that tries it."""
        return f"python -m harness sabotage --only {shlex.quote(self.name)}"

    def applied_to(self, source: str) -> str:
        """The file's text with the fault; raises HarnessError unless ``find`` occurs once."""
        count = source.count(self.find)
        if count != 1:
            raise HarnessError(
                f"the fault {self.name!r} no longer fits harness/{self.file}:"
                f" {self.find!r} occurs {count} times; correct harness/sabotage/faults.toml"
            )
        return source.replace(self.find, self.replace)


def load_faults(path: Path = FAULTS) -> list[Fault]:
    """All faults in the file's order; raises HarnessError for an entry with wrong fields."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("fault", [])
    try:
        return [Fault(**entry) for entry in entries]
    except TypeError as error:
        raise HarnessError(f"{path}: {error}") from error


def choose(faults: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    """Faults with one of the words in their name or as their area; all if no word is given.

    Raises UnknownName for a word without a fault.
    """
    chosen = []
    for word in words:
        found = [f for f in faults if word.lower() in f.name.lower() or word == f.area]
        if not found:
            raise UnknownName("fault", word, [f.name for f in faults])
        chosen += found
    return list(dict.fromkeys(chosen)) if words else list(faults)


def standing_in(claim: Claim, faults: Sequence[Fault]) -> Fault | None:
    """The fault that a claim names in place of a control; None if it has a control."""
    return next((f for f in faults if f"{PLANTED}{f.name}" == claim.control), None)


def plant(fault: Fault | None, folder: Path, project: Path = PROJECT) -> None:
    """Copy the project into an empty folder and plant the fault in the copy, unless it is None."""
    for name in COPIED:
        source = project / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(source, folder / name, ignore=skipped)
        else:
            shutil.copy2(source, folder / name)
    # pytest's configuration names the harness's own tests, which are not copied.
    (folder / "harness" / "tests").mkdir()
    if fault is not None:
        target = folder / "harness" / fault.file
        target.write_text(fault.applied_to(target.read_text("utf-8")), encoding="utf-8")


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
