"""The claims run by ``--pyargs`` in another project's folder, whose settings would break them."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.plugin.elsewhere import only_the_claims
from harness.plugin.options import CLAIMS
from harness.tests.plugin_helpers import clean_environment

CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--device", default="cuda:7")

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.skip)
"""
SETTINGS = """
[pytest]
addopts = --strict-markers --strict-config
filterwarnings = error
python_files = check_*.py
python_functions = check_*
usefixtures = database
"""
TEST = "test_the_interleaving_matrix_has_full_rank"


def session(folder: Path, *arguments: str) -> str:
    """What such a session prints; the claims are found as if they were installed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "harness.plugin", *arguments],
        cwd=folder,
        env=clean_environment(folder) | {"PYTHONPATH": str(CLAIMS.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def test_another_projects_conftest_and_settings_do_not_break_the_claims(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    text = session(tmp_path, "--pyargs", "claims.section4_expressivity.test_lemma1", "-k", TEST)
    assert re.search(rf"^PASSED .*::{TEST}$", text, re.MULTILINE), text
    assert "configfile: pytest.ini" in text, "else there is nothing to see"


@pytest.mark.parametrize(
    ("pyargs", "arguments", "alone"),
    [
        (True, ["claims"], True),
        (True, ["claims.section2_capacity", "claims.appendix_a.test_networks::test_x[y]"], True),
        (True, ["claims::test_x"], True),
        (True, ["claims", "tests"], False),
        (True, ["claims_of_ours"], False),
        (True, [], False),
        (False, ["claims"], False),
    ],
)
def test_conftest_files_are_left_out_where_nothing_but_the_claims_is_tested(
    pyargs, arguments, alone
):
    known = SimpleNamespace(pyargs=pyargs, file_or_dir=arguments)
    assert only_the_claims(known) is alone
