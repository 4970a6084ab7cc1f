"""The store: a folder a run, found by key. Writes are atomic; a lock a run. Does not import torch.

``DIR/KEY/run.json`` is a finished training, ``solve.json`` a finished linear solve,
``checkpoint.pt`` a training that was interrupted.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from harness.errors import StoreError
from harness.files import write_atomically
from harness.runs.run import AnyRun, DamagedRun, Run, Solve

log = logging.getLogger("harness.runs")
CHECKPOINT = "checkpoint.pt"
SETTLED = 1.0
"""Seconds after which another write to a file shows in its times, whatever the file system."""


def default_store() -> Path:
    """The platform's cache folder."""
    return platformdirs.user_cache_path("rethinking-generalization") / "runs"


class Store:
    """Finished runs under ``folder``; with ``fresh_since``, older ones are ignored.

    ``notice`` gets a sentence on every damaged entry; waits go to the log.
    """

    def __init__(
        self,
        folder: Path,
        fresh_since: float | None = None,
        notice: Callable[[str], None] = log.warning,
    ) -> None:
        self.folder, self.fresh_since, self.notice = folder, fresh_since, notice
        self._read: dict[Path, tuple[tuple[int, ...], AnyRun]] = {}

    def entry(self, key: str) -> Path:
        """The folder of one run."""
        return self.folder / key

    def checkpoint(self, key: str) -> Path:
        """Where an unfinished run keeps what the next epoch needs."""
        return self.entry(key) / CHECKPOINT

    def find(self, key: str, repair: bool = True) -> AnyRun | None:
        """The finished run, or None. With ``repair``, a damaged entry is reported and put aside.

        Repair only under the lock: another process may be about to replace the entry. Raises
        StoreError for an entry that cannot be read.
        """
        for kind in (Run, Solve):
            path = self.entry(key) / kind.FILE
            if not self.is_current(path):
                continue
            try:
                return self._run_at(path, kind, key)
            except DamagedRun as error:
                if repair:
                    self.notice(f"the stored run {path} is damaged ({error}); it is trained again")
                    self.put_aside(path)
            except FileNotFoundError:
                pass  # Another process has put it aside.
            except OSError as error:
                raise StoreError(
                    f"cannot read {path}: {error.strerror}; choose another --runs"
                ) from error
        return None

    def _run_at(self, path: Path, kind: type[Run] | type[Solve], key: str) -> AnyRun:
        """The run in a file, which is read again only if it was written or replaced."""
        stat = path.stat()
        state = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if self._read.get(path, (None,))[0] == state:
            return self._read[path][1]
        run = kind.from_json(path.read_bytes())
        if run.key != key:
            raise DamagedRun(f"it is the run {run.key}")
        if time.time() - stat.st_ctime > SETTLED:
            self._read[path] = state, run
        return run

    def is_current(self, path: Path) -> bool:
        """Whether the file is there, and not older than ``fresh_since``."""
        try:
            changed = path.stat().st_mtime
        except OSError:
            return False
        return self.fresh_since is None or changed >= self.fresh_since

    def put_aside(self, path: Path) -> None:
        """Rename a damaged file, so that it can be looked at and is not read again."""
        try:
            path.rename(path.with_name(path.name + ".damaged"))
        except FileNotFoundError:
            return  # Another process has put it aside.
        except OSError as error:
            raise StoreError(f"cannot rename the damaged {path}: {error.strerror}") from error

    def keep(self, run: AnyRun) -> None:
        """Write a finished run and drop its checkpoint; raises StoreError where it cannot."""
        write_atomically(self.entry(run.key) / run.FILE, run.to_json())
        with contextlib.suppress(OSError):  # The run is kept; a stale checkpoint harms nothing.
            self.checkpoint(run.key).unlink(missing_ok=True)

    @contextmanager
    def lock(self, key: str, name: str = "", wait: bool = True) -> Iterator[None]:
        """Hold the run alone; other processes that want it wait. Freed when a process dies.

        Raises filelock.Timeout where another process holds it and this one is not to ``wait``.
        """
        path = self.entry(key) / "lock"
        lock = FileLock(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if not wait:
                    raise
                started = time.monotonic()
                lock.acquire()
                waited = time.monotonic() - started
                log.info("waited %.0f s for another process that trained %s", waited, name or key)
        except Timeout:
            raise
        except OSError as error:
            raise StoreError(
                f"cannot write the run store {self.folder}: {error.strerror or error};"
                " choose another place with --runs DIR"
            ) from error
        try:
            for half_written in path.parent.glob(".*.????????"):
                with contextlib.suppress(OSError):
                    half_written.unlink(missing_ok=True)  # Of a process that died as it wrote.
            yield
        finally:
            lock.release()

    def runs(self) -> list[AnyRun]:
        """Finished runs, oldest first; a damaged or unreadable one is reported and left out."""
        found: list[AnyRun] = []
        for entry in self._entries():
            for kind in (Run, Solve):
                path = entry / kind.FILE
                try:
                    found.append(kind.from_json(path.read_bytes()))
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except DamagedRun as error:
                    self.notice(f"the stored run {path} is damaged ({error})")
                except OSError as error:
                    self.notice(f"the stored run {path} cannot be read ({error.strerror})")
                    break
        return sorted(found, key=lambda run: run.finished)

    def trainings(self) -> list[Run]:
        """Those of `runs` that are trainings."""
        return [run for run in self.runs() if isinstance(run, Run)]

    def unfinished(self) -> list[Path]:
        """The checkpoints of interrupted runs."""
        paths = (entry / CHECKPOINT for entry in self._entries())
        return [it for it in paths if os.path.exists(it) and not it.with_name(Run.FILE).exists()]

    def _entries(self) -> list[Path]:
        """The folders of runs; raises StoreError where the store may not be read."""
        try:
            return sorted(self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"cannot read the run store {self.folder}: {error.strerror}; choose another place"
                " with --runs DIR"
            ) from error
