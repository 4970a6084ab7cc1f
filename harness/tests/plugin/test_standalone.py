"""The claims run by ``--pyargs`` in another project's folder, whose settings would break them."""

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.plugin.options import CLAIMS
from harness.plugin.standalone import names_no_tests, only_the_claims
from harness.tests.plugin_helpers import Start, clean_environment, forked, fresh

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


def session(folder: Path, *arguments: str, start: Start = forked) -> str:
    """What such a session prints; the claims are found as if they were installed."""
    environment = clean_environment(folder) | {"PYTHONPATH": str(CLAIMS.parent)}
    return start(folder, ["-rA", "-p", "harness.plugin", *arguments], environment, 300)[1]


def test_another_projects_conftest_and_settings_do_not_break_the_claims(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    named = ("--pyargs", "claims.section4_expressivity.test_lemma1", "-k", TEST)
    text = session(tmp_path, *named, start=fresh)
    assert re.search(rf"^PASSED .*::{TEST}$", text, re.MULTILINE), text
    assert "configfile: pytest.ini" in text, "else there is nothing to see"


def test_in_the_folder_of_ones_network_the_claims_need_not_be_named(tmp_path):
    """That folder's own tests and settings play no part; the command that repeats one works."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def make(classes): return nn.Sequential(nn.Flatten(), nn.Linear(192, classes))\n"
    )
    options = ("-m", "fast", "--arch=./net.py:make")
    text = session(tmp_path, *options, "--runs=runs", "-k", "memorised", "--arch-epochs=1")
    assert re.search(r"^FAILED .*::test_random_labels_are_memorised", text, re.MULTILINE), text
    repeat = re.search(r"repeat    pytest (.*)", text)[1]
    assert re.search(r"^FAILED .*", session(tmp_path, *shlex.split(repeat)), re.MULTILINE)


def test_a_tier_of_which_no_test_is_here_is_refused_with_a_remedy(tmp_path):
    text = session(tmp_path, "-m", "fast")
    assert "no test of the fast tier is among those selected: name the claims, --pyargs" in text


@pytest.mark.parametrize(
    ("arch", "dataset", "arguments", "folder", "none"),
    [
        (["./net.py:make"], None, [], CLAIMS.parents[1], True),
        (None, "flowers", [], CLAIMS.parents[1], True),
        (["./net.py:make"], None, [], CLAIMS / "section2_capacity", False),
        (["./net.py:make"], None, ["tests"], CLAIMS.parents[1], False),
        (None, None, [], CLAIMS.parents[1], False),
    ],
)
def test_the_claims_are_meant_where_a_network_is_named_and_no_test(
    arch, dataset, arguments, folder, none
):
    known = SimpleNamespace(
        arch=arch, dataset=dataset, optimizer=None, measure=None, file_or_dir=arguments
    )
    assert names_no_tests(known, folder) is none


@pytest.mark.parametrize(
    ("pyargs", "arguments", "alone"),
    [
        (True, ["claims"], True),
        (True, ["claims.section2_capacity", "claims.appendix_a.test_networks::test_x[y]"], True),
        (True, ["claims", "tests"], False),
        (True, ["claims_of_ours"], False),
        (False, ["claims"], False),
    ],
)
def test_conftest_files_are_left_out_where_nothing_but_the_claims_is_tested(
    pyargs, arguments, alone
):
    known = SimpleNamespace(pyargs=pyargs, file_or_dir=arguments)
    assert only_the_claims(known) is alone
