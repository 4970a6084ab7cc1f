"""Claim tests written by a test, run by pytest in a process of its own.

>>> session = Project(tmp_path, claims=SOURCE).run("-n", "2")
>>> session.code, session.outcomes["test_it"], session.evidence
"""

import contextlib
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.evidence.record import Evidence, read_evidence

# Named one by one: to load every installed plugin would take longer than most of these sessions.
PLUGINS = ("xdist", "regressions", "pytest_datadir.plugin")

HEADER = """
import os, pytest
from harness.evidence import *
from harness.plugin.baselines import Tolerance
from harness.plugin.experiments import experiments
from harness.training.protocol import paper_recipe

def tiny(seed=0, **changes):
    changes = {"train_size": 32, "epochs": 2, "precision": "fp32", "seed": seed, **changes}
    return paper_recipe("mlp-1x16", "digits", "random-labels", **changes)

def share(value, name="a share"):
    return exact(name, [value], "share")

ONE = Attains(1.0, source="Table 9")
"""

TRUE = """
@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_it(judge):
    judge(share(1.0), ONE)
"""


@dataclass(frozen=True)
class Session:
    """What one run of pytest left behind."""

    code: int
    text: str
    outcomes: dict[str, str]
    """By test name (with its parameters): PASSED, FAILED, ERROR, XFAIL ..."""
    evidence: list[Evidence]
    lines: list[str]
    """The evidence as it was written."""

    def of(self, test: str) -> list[Evidence]:
        """The evidence of one test, by its name."""
        return [record for record in self.evidence if record.test.endswith(f"::{test}")]


Start = Callable[[Path, list[str], dict[str, str], float], tuple[int, str]]
"""``start(folder, arguments, environment, patience)`` gives pytest's exit status and output."""
FORKS = multiprocessing.get_context("forkserver")
"""Processes of it are forks of one that has imported PyTorch and the plugin."""
FORKS.set_forkserver_preload(["harness.tests.warm"])


def fresh(folder: Path, words: list[str], env: dict[str, str], patience: float) -> tuple[int, str]:
    """A session in an interpreter of its own."""
    command, pipe = [sys.executable, "-m", "pytest", *words], subprocess.PIPE
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=pipe, stderr=subprocess.STDOUT, timeout=patience
    )
    return done.returncode, done.stdout.decode()


def forked(
    folder: Path, words: list, env: dict[str, str], patience: float, main: Callable = pytest.main
) -> tuple[int, str]:
    """The same in a fork, some seconds sooner; no assertion is rewritten in what was imported."""
    with tempfile.TemporaryDirectory() as place:
        output = Path(place, "output.txt")
        command = (main, folder, words, env | {"PYTEST_ADDOPTS": "--assert=plain"}, output)
        process = FORKS.Process(target=as_a_program, args=command)
        process.start()
        process.join(patience)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, patience, output.read_bytes())
        return process.exitcode, output.read_text()


def in_turn(sessions: list[list[str]]) -> None:
    """Several sessions in one process; each one's output ends with a form feed and its status."""
    for words in sessions:
        print(f"\f{int(pytest.main(words))}", flush=True)


def as_a_program(
    main: Callable, folder: Path, words: list, env: dict[str, str], output: Path
) -> None:
    """Run ``main(words)`` and exit, as a program that was started in this folder."""
    opened = os.open(output, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(opened, stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = ["pytest", *map(str, words)]
    sys.exit(main(words))


# To judge the records and to draw their curves would take longer than most of these sessions.
WITHOUT_RECORDS = """
from harness.report.sources import Sources
pytest_plugins = ["harness.plugin"]
Sources.add_records = lambda sources: None
"""


class Project:
    """A folder with a file of claim tests, and a conftest that loads the plugin.

    Without a conftest, its reports have the repository's records.
    """

    def __init__(self, folder: Path, claims: str, conftest: str = "") -> None:
        self.folder = folder
        self.runs = folder / "runs"
        (folder / "pytest.ini").write_text(
            "[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\n"
        )
        (folder / "conftest.py").write_text(f"{WITHOUT_RECORDS}{conftest}")
        (folder / "test_claims.py").write_text(HEADER + claims)

    def run(
        self,
        *arguments: str,
        plugins: tuple[str, ...] = PLUGINS,
        env: dict[str, str] | None = None,
        patience: float = 300,
        start: Start = forked,
    ) -> Session:
        """Run pytest there, without a GPU, a data folder, or this session's own settings.

        Raises subprocess.TimeoutExpired after ``patience`` seconds.
        """
        evidence = self.folder / "evidence.jsonl"
        words = self.words(arguments, plugins)
        code, text = start(
            self.folder, words, clean_environment(self.folder) | (env or {}), patience
        )
        outcomes = re.findall(
            r"^(PASSED|FAILED|ERROR|XFAIL|XPASS|SKIPPED) \S+?::(.+?)(?: - .*)?$", text, re.MULTILINE
        )
        records, damaged = read_evidence(evidence)
        assert damaged == 0
        lines = evidence.read_text().splitlines() if evidence.is_file() else []
        return Session(code, text, {name: it for it, name in outcomes}, records, lines)

    def words(self, arguments: Iterable[str], plugins: tuple[str, ...] = PLUGINS) -> list[str]:
        """The command line of a session."""
        words = ["--evidence", str(self.folder / "evidence.jsonl"), "--runs", str(self.runs)]
        words += ["-rA"] * ("no:terminal" not in arguments)
        return [*words, *(f"-p{name}" for name in plugins), *arguments]

    def run_each(self, sessions: Iterable[Iterable[str]], **env: str) -> list[tuple[int, str]]:
        """Exit status and output of sessions that train nothing, one after the other in a fork."""
        words = [self.words(it) for it in sessions]
        _, text = forked(self.folder, words, clean_environment(self.folder) | env, 300, in_turn)
        *texts, _ = re.split(r"\f(\d+)\n", text)
        assert len(texts) == 2 * len(words), text
        return [(int(code), text) for text, code in zip(texts[::2], texts[1::2], strict=True)]


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read and write everything: be nobody meanwhile."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def clean_environment(folder: Path) -> dict[str, str]:
    """This environment without what would change a session, and with caches of its own."""
    strange = ("PYTEST_", "CI", "RETHINKING_", "COV_", "XDG_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
    return kept | {
        "CUDA_VISIBLE_DEVICES": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "COLUMNS": "200",
    }
