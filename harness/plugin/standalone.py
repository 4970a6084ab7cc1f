"""Sessions of the installed claims alone, in the folder of another project.

``pytest -p harness.plugin --pyargs claims`` is such a session, and so is one with ``--arch`` or
``--dataset`` that names no test. The other project's conftest files and settings are ignored: they
are about its own tests, and an option ``--device`` or other names of test files would break ours.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from harness.plugin.options import CLAIMS

OURS = re.compile(r"claims([.:]|$)")
FOUND_BY = {"python_files": "test_*.py", "python_functions": "test"}


def only_the_claims(known: Any) -> bool:
    """Whether all arguments are ``claims`` or modules of it, by --pyargs."""
    return bool(known.pyargs and known.file_or_dir and all(map(OURS.match, known.file_or_dir)))


def names_no_tests(known: Any, folder: Path) -> bool:
    """Whether a network, data ... is given, and no test, in a folder without claims."""
    claims = CLAIMS.resolve()
    here = folder == claims.parent or folder.is_relative_to(claims)
    asked = known.arch or known.dataset or known.optimizer or known.measure
    return bool(asked and not known.file_or_dir and not here)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Add the claims where no test is named; leave conftest files out."""
    known = early_config.known_args_namespace
    if names_no_tests(known, early_config.invocation_params.dir):
        args += ["--pyargs", "claims"]
        known.pyargs, known.file_or_dir = True, ["claims"]
    if only_the_claims(known):
        known.noconftest = True


def pytest_configure(config: pytest.Config) -> None:
    """Find the claims' tests whatever names the project gives its own; leave its fixtures out."""
    if only_the_claims(config.option):
        for name, pattern in FOUND_BY.items():
            config.addinivalue_line(name, pattern)
        config.getini("usefixtures").clear()
