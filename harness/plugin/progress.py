"""Progress of the running trainings and solves, with xdist and without.

On a terminal it is one line below the tests, rewritten in place; in a log, a line now and then.
xdist's workers write it to files, which the controller shows.
"""

import contextlib
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.errors import StoreError
from harness.files import write_atomically
from harness.plugin.options import SESSION
from harness.runs.settings import Progress

ON_TERMINAL_SECONDS = 1.0
LOG_SECONDS = 30.0
STALE_SECONDS = 120.0


@dataclass(eq=False)
class Foot:
    """The line at the foot of the terminal; a plugin, which clears it before pytest writes."""

    config: pytest.Config
    on_terminal: bool
    shown_at: float = field(default_factory=time.monotonic)
    is_up: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_due(self) -> bool:
        """Whether enough time has passed since the last line."""
        pause = ON_TERMINAL_SECONDS if self.on_terminal else LOG_SECONDS
        return time.monotonic() - self.shown_at >= pause

    @property
    def width(self) -> int:
        """The most columns of a line: the terminal's, or no limit in a log."""
        return self.config.get_terminal_writer().fullwidth if self.on_terminal else sys.maxsize

    def show(self, text: str) -> None:
        """Write the line, past pytest's capture of a test's output."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        capture = self.config.pluginmanager.get_plugin("capturemanager")
        if reporter is None or self.config.option.verbose < -1:
            return
        with self.lock, capture.global_and_fixture_disabled():
            if not self.is_up:
                writer = self.config.get_terminal_writer()
                if writer.width_of_current_line:
                    writer.line()
            if self.on_terminal:
                sys.stdout.write(f"\r\x1b[K{text[: self.width - 1]}")
                self.is_up = True
            else:
                sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
            self.shown_at = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def clear(self) -> None:
        """Clear the line."""
        if self.is_up:
            with self.lock:
                sys.stdout.write("\r\x1b[K")
                sys.stdout.flush()
                self.is_up = False

    pytest_runtest_logstart = pytest_runtest_logreport = pytest_sessionfinish = clear


FOOT = pytest.StashKey[Foot]()


def watch(config: pytest.Config, over: threading.Event) -> None:
    """Show the progress in the workers' files, until the session is over."""
    foot, folder = config.stash[FOOT], config.stash[SESSION].folder
    turn = 0
    while not over.wait(0.5):
        if not foot.is_due:
            continue
        texts = []
        for path in sorted(folder.glob("*.progress")):
            try:
                if time.time() - path.stat().st_mtime < STALE_SECONDS:
                    texts.append(f"{path.stem} {path.read_text('utf-8')}")
            except OSError:
                continue  # The worker has just finished.
        if texts:
            foot.show(side_by_side(texts, foot.width, turn))
            turn += 1


def side_by_side(texts: list[str], width: int, turn: int) -> str:
    """All workers' progress, or in turns one worker's if the line is too narrow."""
    together = " | ".join(texts)
    return together if len(together) < width else texts[turn % len(texts)]


def pytest_configure(config: pytest.Config) -> None:
    """Every process but a worker has a foot."""
    if not config.stash[SESSION].worker:
        config.stash[FOOT] = Foot(config, on_terminal=sys.stdout.isatty())
        config.pluginmanager.register(config.stash[FOOT], "claims-progress")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start watching if there are workers to watch."""
    if session.config.pluginmanager.hasplugin("dsession"):
        over = threading.Event()
        threading.Thread(target=watch, args=(session.config, over), daemon=True).start()
        session.config.add_cleanup(over.set)


def show_progress(config: pytest.Config, progress: Progress) -> None:
    """Show or store progress; called after each epoch, in the process that trains."""
    session = config.stash[SESSION]
    if session.worker:
        path = session.folder / f"{session.worker}.progress"
        with contextlib.suppress(StoreError):  # A full disk here must not end a training.
            write_atomically(path, str(progress).encode())
    elif config.stash[FOOT].is_due:
        config.stash[FOOT].show(str(progress))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Any:
    """Remove the progress of finished trainings before the next test."""
    result = yield
    session = item.config.stash[SESSION]
    if session.worker:
        (session.folder / f"{session.worker}.progress").unlink(missing_ok=True)
    return result
