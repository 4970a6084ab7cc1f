"""The state of a session that the other modules share."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from harness.environment import available_cores
from harness.errors import DeviceError, StoreError
from harness.evidence.catalogue import CLAIMS, Claim, load_catalogue  # noqa: F401
from harness.files import write_atomically
from harness.report.sources import Sources


@dataclass(eq=False)
class Session:
    """What one pytest run shares between its modules, and with xdist's workers."""

    folder: Path
    """Where each process leaves evidence and progress; the controller reads it."""
    started: float
    worker: str = ""
    """xdist's name for this process; empty in the only process or the controller."""
    workers: int = 1
    lock: FileLock | None = None
    """Of the evidence file, which is one session's at a time."""
    notes: dict[str, str] = field(default_factory=dict)
    """By custom network: what a reader must know of each of its figures."""
    notices: list[str] = field(default_factory=list)
    held: dict[str, list[str]] | None = None
    """Lines by ending, which no file has before the end; None where they are written at once."""
    keeps_parts: bool = False
    """Whether ``folder`` stays: it holds verdicts that no evidence file has."""
    uncollected: set[Path] = field(default_factory=set)
    """Folders of the claims that are not collected."""
    sources: Sources = field(default_factory=Sources)
    """All that was judged, at the end of the session."""
    left_as_it_was: bool = False
    """Whether the evidence file has better evidence than this session's."""
    written: list[tuple[str, Path]] = field(default_factory=list)
    """What each written file is."""
    catalogue: dict[str, Claim] = field(default_factory=load_catalogue)
    skipped: list[str] = field(default_factory=list)
    """Why, of each skipped test, in the process that hears of all of them."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has an outcome."""
        if report.skipped:
            self.skipped.append(str(report.longrepr))

    @property
    def process(self) -> str:
        """A file name for this process."""
        return self.worker or "main"

    def add_line(self, ending: str, text: str) -> None:
        """Add to this process's own file, and flush it; raises StoreError, and leaves no half."""
        if self.held is not None:
            self.held.setdefault(ending, []).append(text)
            return
        path = self.folder / f"{self.process}{ending}"
        whole = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:
            with contextlib.suppress(OSError):
                os.truncate(path, whole)
            raise StoreError(f"cannot write evidence to {path}: {error.strerror}") from error

    def withdraw_lines(self, ending: str, gone: Collection[str]) -> None:
        """Take lines out of this process's own file again."""
        path = self.folder / f"{self.process}{ending}"
        if self.held is not None:
            self.held[ending] = [it for it in self.held.get(ending, []) if it not in gone]
        elif gone and path.exists():  # A full disk may have kept it from being made.
            kept = [it for it in path.read_text("utf-8").splitlines() if it not in gone]
            write_atomically(path, "".join(f"{line}\n" for line in kept).encode())

    def release(self) -> None:
        """Write what was held; raises StoreError."""
        held, self.held = self.held or {}, None
        for ending, lines in held.items():
            for text in lines:
                self.add_line(ending, text)

    def notify(self, text: str) -> None:
        """Something that the person must learn at the end of the session."""
        self.add_line(".notices", json.dumps(text))


SESSION = pytest.StashKey[Session]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the session's state; refuse at once what cannot work."""
    # That pytest cannot write its cache or clear its folders away is no fault of a test.
    for harmless in (
        "default::pytest.PytestCacheWarning",
        r"default:\(rm_rf\):pytest.PytestWarning",
    ):
        config.addinivalue_line("filterwarnings", harmless)
    if hasattr(config, "workerinput"):
        shared: dict[str, Any] = config.workerinput["claims_session"]
        config.stash[SESSION] = Session(
            Path(shared["folder"]),
            shared["started"],
            notes=shared["notes"],
            worker=config.workerinput["workerid"],
            workers=config.workerinput["workercount"],
        )
        _prepare_worker(config)
        return
    _end_soundly(config)
    here = config.getoption("--engine") == "here" and not config.getoption("--recorded")
    device, steps = config.getoption("--device"), config.getoption("--steps")
    if here and (device.startswith("cuda") or steps == "graph"):
        from harness.training.backend import resolve_backend

        try:
            resolve_backend(device, steps=steps)
        except DeviceError as error:
            raise pytest.UsageError(str(error)) from error
    evidence = None if trains_nothing(config) else config.getoption("--evidence")
    if (report := config.getoption("--report")) and not trains_nothing(config):
        require_writable(report)
    folder, lock = session_folder(evidence)
    config.stash[SESSION] = Session(folder, time.time(), lock=lock)
    config.pluginmanager.register(config.stash[SESSION], "claims-session")


def _end_soundly(config: pytest.Config) -> None:
    """SIGTERM ends a session as ctrl-C does: what was judged is written."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # Not in the main thread.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            config.add_cleanup(lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out folders for which nothing was asked."""
    return True if collection_path in config.stash[SESSION].uncollected else None


def is_named(config: pytest.Config, folder: Path) -> bool:
    """Whether the command line names a folder of claims, or something in it."""
    here, named = config.invocation_params.dir, [it.partition("::")[0] for it in config.args]
    module = f"claims.{folder.name}"
    return any(
        (here / it).resolve().is_relative_to(folder) or it.startswith(module) for it in named
    )


def trains_nothing(config: pytest.Config) -> bool:
    """Whether this session only looks: it must leave no evidence, and touch none."""
    return config.option.collectonly or config.getoption("--plan")


def left_out(config: pytest.Config, reason: str) -> int:
    """How many tests were skipped for this reason, in the process that hears of all of them."""
    session = config.stash.get(SESSION, None)  # None where pytest refused before there was one.
    return sum(reason in it for it in session.skipped) if session else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Cores / workers threads, inherited by the workers: NumPy's are made when it is imported."""
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, available_cores() // len(specs))))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the session keeps its files."""
    session = node.config.stash[SESSION]
    node.workerinput["claims_session"] = {
        "folder": str(session.folder),
        "started": session.started,
        "notes": session.notes,
        "gpus": visible_gpus(),
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop the session's files, but for verdicts that no evidence file has."""
    session = config.stash.get(SESSION, None)
    if session is None or session.worker:
        return
    if not session.keeps_parts:
        shutil.rmtree(session.folder, ignore_errors=True)
    if session.lock is not None:
        with contextlib.suppress(OSError):  # The folder stays where it holds parts.
            Path(session.lock.lock_file).unlink()
            session.folder.parent.rmdir()
        session.lock.release()


def session_folder(evidence: Path | None) -> tuple[Path, FileLock | None]:
    """Beside the evidence file where there is one: what was judged outlives a killed session.

    Raises UsageError where that file cannot be replaced, or another session is about to.
    """
    if evidence is None:
        return Path(tempfile.mkdtemp(prefix="claims-")), None
    parts = Path(f"{os.path.realpath(evidence)}.parts")  # Two names may be links to one file.
    try:
        if evidence.exists():
            if not evidence.is_file():
                kind = "a folder; name a file in it" if evidence.is_dir() else "no file; name one"
                raise pytest.UsageError(f"--evidence {evidence} is {kind}")
            evidence.open("r+b").close()
        parts.mkdir(parents=True, exist_ok=True)
        lock = FileLock(parts / "lock")
        lock.acquire(timeout=0)
        folder = parts / time.strftime(f"%Y-%m-%dT%H%M%S-{os.getpid()}")
        folder.mkdir()
    except Timeout as error:
        raise pytest.UsageError(
            f"--evidence {evidence}: another session is writing it; wait for its end, or name"
            " another file"
        ) from error
    except OSError as error:
        raise pytest.UsageError(
            f"--evidence {evidence}: cannot write there ({error.strerror}); name another file"
        ) from error
    return folder, lock


def require_writable(report: Path) -> None:
    """A report that cannot be written is found out before hours of training, and not after.

    A session that judges nothing writes none: folders that were not there are taken away again.
    """
    try:
        made = [folder for folder in (report, *report.parents) if not folder.exists()]
        report.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=report).close()
        with contextlib.suppress(OSError):  # Another process has written there.
            for folder in made:
                folder.rmdir()
    except OSError as error:
        raise pytest.UsageError(
            f"--report {report}: cannot write there ({error.strerror}); name another folder"
        ) from error


def _prepare_worker(config: pytest.Config) -> None:
    """Before torch is imported: a GPU of its own."""
    session = config.stash[SESSION]
    gpus = config.workerinput["claims_session"]["gpus"]
    if len(gpus) > 1 and config.getoption("--device") in ("auto", "cuda"):
        number = int("".join(filter(str.isdigit, session.worker)) or 0)
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]


@cache
def visible_gpus() -> tuple[str, ...]:
    """The GPUs that this session may use, as CUDA_VISIBLE_DEVICES names them; without torch."""
    if (allowed := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(gpu for gpu in allowed.split(",") if gpu)
    if (tool := shutil.which("nvidia-smi")) is None:
        return ()
    listed = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True, check=False)
    return tuple(re.findall(r"^GPU (\d+):", listed.stdout, re.MULTILINE))
