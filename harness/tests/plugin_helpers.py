"""Claim tests written by a test, run by pytest in a process of its own.

>>> session = Project(tmp_path, claims=SOURCE).run("-n", "2")
>>> session.code, session.outcomes["test_it"], session.evidence
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


class Project:
    """A folder with a file of claim tests, and a conftest that loads the plugin."""

    def __init__(self, folder: Path, claims: str, conftest: str = "") -> None:
        self.folder = folder
        self.runs = folder / "runs"
        (folder / "pytest.ini").write_text(
            "[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\n"
        )
        (folder / "conftest.py").write_text(f'pytest_plugins = ["harness.plugin"]\n{conftest}')
        (folder / "test_claims.py").write_text(HEADER + claims)

    def run(
        self,
        *arguments: str,
        plugins: tuple[str, ...] = PLUGINS,
        env: dict[str, str] | None = None,
        patience: float = 120,
    ) -> Session:
        """Run pytest there, without a GPU, a data folder, or this session's own settings.

        Raises subprocess.TimeoutExpired after ``patience`` seconds.
        """
        evidence = self.folder / "evidence.jsonl"
        command = [sys.executable, "-m", "pytest", "--evidence", str(evidence)]
        command += ["-rA"] * ("no:terminal" not in arguments)
        command += ["--runs", str(self.runs), *(f"-p{name}" for name in plugins), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=clean_environment(self.folder) | (env or {}),
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
        text = done.stdout + done.stderr
        outcomes = re.findall(
            r"^(PASSED|FAILED|ERROR|XFAIL|XPASS|SKIPPED) \S+?::(.+?)(?: - .*)?$", text, re.MULTILINE
        )
        records, damaged = read_evidence(evidence)
        assert damaged == 0
        lines = evidence.read_text().splitlines() if evidence.is_file() else []
        return Session(done.returncode, text, {name: it for it, name in outcomes}, records, lines)


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
