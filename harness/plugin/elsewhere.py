"""Sessions of the installed claims alone, in the folder of another project.

``pytest -p harness.plugin --pyargs claims`` is such a session, whatever its folder. That project's
conftest files and settings are about its own tests: an option of theirs called ``--device`` would
end this session, a hook of theirs skip its tests, and names of test files hide them.
"""

import re
from typing import Any

import pytest

OURS = re.compile(r"claims([.:]|$)")
FOUND_BY = {"python_files": "test_*.py", "python_functions": "test"}


def only_the_claims(known: Any) -> bool:
    """Whether all that is to be tested is named ``claims``, or a module of it, after --pyargs."""
    return bool(known.pyargs and known.file_or_dir and all(map(OURS.match, known.file_or_dir)))


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Leave conftest files out."""
    known = early_config.known_args_namespace
    if only_the_claims(known):
        known.noconftest = True


def pytest_configure(config: pytest.Config) -> None:
    """Find the claims' tests however that project calls its own; leave its fixtures out."""
    if only_the_claims(config.option):
        for name, pattern in FOUND_BY.items():
            config.addinivalue_line(name, pattern)
        config.getini("usefixtures").clear()
