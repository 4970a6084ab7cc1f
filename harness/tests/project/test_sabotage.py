"""Planted faults: each fits today's code, and a trial reports the tests that fail."""

import ast
from collections import Counter
from dataclasses import replace

import pytest

from harness.cli import sabotage
from harness.errors import HarnessError, UnknownName
from harness.evidence.catalogue import load_catalogue
from harness.plugin.options import CLAIMS
from harness.sabotage import fault as trial
from harness.sabotage.fault import PROJECT, Fault, choose, load_faults, plant, standing_in

ALL = load_faults()
HARNESS_AREAS = ("data", "models", "training", "capacity", "expressivity", "linear", "evidence")
FAULT = Fault("it is wrong", "data", "it.py", find="1 + 1", replace="1 + 2", first="it")


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_fault_fits_the_code(fault):
    source = (PROJECT / "harness" / fault.file).read_text(encoding="utf-8")
    broken = fault.applied_to(source)
    ast.parse(broken)
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(source)), "nothing but comments change"
    assert (CLAIMS / fault.first).exists()
    assert "tests" not in fault.file.split("/")


def test_there_are_many_faults_in_every_area():
    assert len(ALL) >= 30
    assert len({fault.name for fault in ALL}) == len(ALL)
    areas = Counter(fault.area for fault in ALL)
    assert set(areas) == {*HARNESS_AREAS, "statistics"} and min(areas.values()) >= 4


def test_each_identity_has_a_fault_that_is_caught():
    """The fault stands in for the control, which an identity cannot have."""
    for claim in load_catalogue(CLAIMS / "catalogue.toml").values():
        if claim.identity:
            fault = standing_in(claim, ALL)
            assert fault is not None and not fault.survives, claim.id


def test_faults_are_chosen_by_name_or_area():
    other = replace(FAULT, name="another", area="models")
    assert choose([FAULT, other], []) == [FAULT, other]
    assert choose([FAULT, other], ["WRONG"]) == [FAULT]
    assert choose([FAULT, other], ["models", "another"]) == [other]
    with pytest.raises(UnknownName, match="another"):
        choose([FAULT, other], ["anothr"])


@pytest.mark.parametrize("source", ["2 + 2", "1 + 1 + 1 + 1"])
def test_a_fault_that_no_longer_fits_is_an_error(source):
    with pytest.raises(HarnessError, match=r"it is wrong.*faults\.toml"):
        FAULT.applied_to(source)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one module and a claim test that needs it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # Installed plugins take a second.
    folder = tmp_path / "project"
    (folder / "harness").mkdir(parents=True)
    (folder / "harness" / "__init__.py").touch()
    (folder / "harness" / "it.py").write_text("TWO = 1 + 1\n")
    for name in ("it", "other"):
        (folder / "claims" / name).mkdir(parents=True)
    (folder / "claims" / "it" / "test_it.py").write_text(
        "import pytest\nfrom harness.it import TWO\n\n"
        "@pytest.mark.fast\ndef test_two():\n    assert TWO == 2\n\n"
        "@pytest.mark.fast\ndef test_else():\n    pass\n"
    )
    (folder / "claims" / "other" / "test_other.py").write_text(
        "import pytest\n\n@pytest.mark.fast\ndef test_nothing():\n    pass\n"
    )
    (folder / "fixtures").mkdir()
    (folder / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--runs')\n"
    )
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmarkers = ['fast']\naddopts = ['-p', 'no:randomly']\n"
    )
    return folder


def test_a_fault_is_caught_by_the_tests_that_fail(project):
    verdict = trial.try_fault(FAULT, workers=1, project=project)
    assert verdict.caught_by == ("it.test_it::test_two",)
    assert verdict.caught
    assert verdict.as_it_should
    assert (project / "harness" / "it.py").read_text() == "TWO = 1 + 1\n", "the project is whole"


def test_a_harmless_fault_survives(project):
    harmless = replace(FAULT, replace="1 * 2", first="other")
    verdict = trial.try_fault(harmless, workers=1, project=project)
    assert not verdict.caught
    assert not verdict.as_it_should
    assert replace(verdict, fault=replace(harmless, survives="two is two")).as_it_should


def test_a_fault_that_its_first_tests_miss_is_caught_by_the_whole_tier(project):
    verdict = trial.try_fault(replace(FAULT, first="other"), workers=1, project=project)
    assert verdict.caught_by == ("it.test_it::test_two",)


def test_a_syntax_error_counts_as_caught(project):
    verdict = trial.try_fault(replace(FAULT, replace="1 +"), workers=1, project=project)
    assert verdict.caught


def test_the_copy_has_what_the_fast_tier_needs(tmp_path):
    plant(None, tmp_path)
    assert (tmp_path / "claims" / "catalogue.toml").is_file()
    assert (tmp_path / "fixtures" / "paper" / "tables.json").is_file()
    assert not list((tmp_path / "harness" / "tests").iterdir())


def test_the_list_names_every_fault(capsys):
    class Options:
        only, list = (), True

    assert sabotage.run(Options) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ALL)
