"""Exactly one tier a test; the fast one unless another was asked for; what cannot run says why."""

import re

import pytest

from harness.data.catalogue import dataset_spec
from harness.tests.plugin_helpers import TRUE, Project

TIERED = """
@pytest.mark.parametrize("tier", [
    pytest.param(name, marks=getattr(pytest.mark, name))
    for name in ("fast", "cpu_full", "gpu_full", "imagenet")
])
@pytest.mark.claim("2.1-fit")
def test_tier(tier, judge):
    judge(share(1.0), ONE)

def test_of_the_harness():
    pass
"""

NEEDY = """
@pytest.mark.claim("2.1-fit")
@experiments(cpu_full={"recipe": [paper_recipe("mlp-3x512", "cifar10", "random-labels")]})
def test_recipe(runs, judge):
    raise AssertionError("must not run")

@pytest.mark.cpu_full
@pytest.mark.needs_data("mnist")
@pytest.mark.claim("A-pipeline")
def test_marker(judge):
    raise AssertionError("must not run")
"""
CIFAR10 = (
    r"CIFAR-10 is not complete under \S+/empty: \S+/cifar-10-batches-py/\S+ is missing \(\d of \d"
    r" files\)"
)
FETCH = (
    r"; fetch it with: python -m harness data fetch {} --data-root \S+/empty, or say where it is"
)


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (
            '@pytest.mark.fast\n@pytest.mark.cpu_full\n@pytest.mark.claim("2.1-fit")',
            r"test_it: exactly one tier a test \(fast, .*imagenet\), but it has fast, cpu_full",
        ),
        ('@pytest.mark.claim("2.1-fit")', r"test_it: exactly one tier a test .* it has none"),
        ("@pytest.mark.fast", r"test_it: mark it claim\(id\), control\(id\) or baseline\(name\)"),
        (
            '@pytest.mark.fast\n@pytest.mark.claim("2.1-fits")',
            r"test_it: unknown claim '2\.1-fits'; nearest: 2\.1-fit\b.*; known: A-params, ",
        ),
        (
            '@pytest.mark.fast\n@pytest.mark.control("4-teorem1")',
            r"test_it: unknown claim '4-teorem1'; nearest: 4-theorem1\b",
        ),
        (
            '@pytest.mark.fast\n@pytest.mark.claim("2.1-fit")\n@pytest.mark.needs_data("cifra10")',
            r"unknown dataset 'cifra10'; nearest: cifar10\b",
        ),
    ],
    ids=["two tiers", "no tier", "no role", "unknown claim", "unknown control", "unknown data"],
)
def test_a_wrongly_marked_test_is_an_error(tmp_path, marks, message):
    session = Project(tmp_path, f"{marks}\ndef test_it(judge):\n    pass\n").run()
    assert session.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(message, session.text)
    assert "INTERNALERROR" not in session.text
    assert not session.outcomes


def test_a_wrongly_marked_test_is_an_error_under_xdist(tmp_path):
    bad = '@pytest.mark.fast\n@pytest.mark.claim("2.1-fits")\ndef test_bad():\n    pass\n'
    session = Project(tmp_path, TRUE + bad).run("-n", "1")
    assert session.code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "unknown claim '2.1-fits'; nearest: 2.1-fit" in session.text


@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        ([], {"fast", "harness"}),
        (["-m", "cpu_full"], {"cpu_full"}),
        (["test_claims.py::test_tier"], {"fast"}),
        (["test_claims.py::test_tier[cpu_full]"], {"cpu_full"}),
        (["test_claims.py", "-k", "test_tier"], {"fast"}),
    ],
)
def test_the_fast_tier_is_taken_unless_another_was_asked_for(tmp_path, arguments, taken):
    session = Project(tmp_path, TIERED).run("--collect-only", "-q", *arguments)
    assert session.code == pytest.ExitCode.OK
    found = set(re.findall(r"::test_(?:tier\[(\w+)\]|of_the_(harness))", session.text))
    assert {tier or harness for tier, harness in found} == taken


def test_a_gpu_tier_without_a_gpu_is_an_error_with_the_remedy(tmp_path):
    """The plan of it needs none, nor does --device cpu."""
    project = Project(tmp_path, TIERED)
    session = project.run("-m", "gpu_full")
    assert session.code == pytest.ExitCode.USAGE_ERROR
    assert "1 tests cannot run here: the gpu_full tier needs a CUDA GPU" in session.text
    assert "--device cpu" in session.text
    assert not session.outcomes
    session = project.run("-m", "gpu_full", "--device", "cpu")
    assert session.outcomes == {"test_tier[gpu_full]": "PASSED"}


def test_missing_data_is_an_error_with_the_command_that_fetches_it(tmp_path):
    (tmp_path / "empty").mkdir()
    project = Project(tmp_path, NEEDY)
    session = project.run("-m", "cpu_full", "--data-root", str(tmp_path / "empty"))
    assert session.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(f"1 tests cannot run here: {CIFAR10}{FETCH.format('cifar10')}", session.text)
    assert re.search(FETCH.format("mnist"), session.text)
    assert not session.outcomes
    session = project.run("-m", "cpu_full", env={"RETHINKING_DATA": str(tmp_path / "empty")})
    assert re.search(CIFAR10, session.text)
    assert "data fetch cifar10, or say where it is with --data-root" in session.text


def test_damaged_data_is_an_error_before_anything_is_trained(tmp_path):
    """A file of CIFAR-10 with another byte."""
    for file in dataset_spec("cifar10").files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"nothing of the sort")
    session = Project(tmp_path, NEEDY).run(
        "-m", "cpu_full", "-k", "test_recipe", "--data-root", str(tmp_path)
    )
    assert session.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"1 tests cannot run here: CIFAR-10 is damaged: \S+ has md5", session.text)
    assert not session.outcomes


def test_missing_data_fails_each_test_under_xdist_where_only_workers_collect(tmp_path):
    (tmp_path / "empty").mkdir()
    project = Project(tmp_path, NEEDY)
    session = project.run("-m", "cpu_full", "--data-root", str(tmp_path / "empty"), "-n", "1")
    assert session.code == pytest.ExitCode.TESTS_FAILED
    assert session.outcomes == {"test_recipe[cpu_full-recipe]": "ERROR", "test_marker": "ERROR"}
    (recipe,) = session.of("test_recipe[cpu_full-recipe]")
    (marker,) = session.of("test_marker")
    assert [recipe.verdict, marker.verdict] == ["not run", "not run"]
    assert re.search(CIFAR10, recipe.reason)
    assert re.search(FETCH.format("cifar10"), recipe.reason)
    assert re.search(FETCH.format("mnist"), marker.reason)
    assert "must not run" not in session.text
