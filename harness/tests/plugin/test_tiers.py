"""Exactly one tier a test; the fast one unless another was asked for; what cannot run says why."""

import re

import pytest

from harness.data.catalogue import dataset_spec
from harness.tests.plugin_helpers import HEADER, Project

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


CLAIM = '@pytest.mark.claim("2.1-fit")'
WRONGLY_MARKED = {
    f"@pytest.mark.fast\n@pytest.mark.cpu_full\n{CLAIM}": (
        r"test_it: exactly one tier a test \(fast, .*imagenet\), but it has fast, cpu_full"
    ),
    CLAIM: r"test_it: exactly one tier a test .* it has none",
    "@pytest.mark.fast": r"test_it: mark it claim\(id\), control\(id\) or baseline\(name\)",
    '@pytest.mark.fast\n@pytest.mark.control("4-teorem1")': (
        r"test_it: unknown claim '4-teorem1'; nearest: 4-theorem1\b.*; known: A-params, "
    ),
    f'@pytest.mark.fast\n{CLAIM}\n@pytest.mark.needs_data("cifra10")': (
        r"unknown dataset 'cifra10'; nearest: cifar10\b"
    ),
}


def test_a_wrongly_marked_test_is_an_error(tmp_path):
    project = Project(tmp_path, "")
    for number, marks in enumerate(WRONGLY_MARKED):
        source = f"{HEADER}\n{marks}\ndef test_it(judge):\n    pass\n"
        (tmp_path / f"test_{number}.py").write_text(source)
    done = project.run_each([f"test_{number}.py"] for number in range(len(WRONGLY_MARKED)))
    for (code, text), message in zip(done, WRONGLY_MARKED.values(), strict=True):
        assert code == pytest.ExitCode.USAGE_ERROR, text
        assert re.search(message, text), text
        assert "INTERNALERROR" not in text and "passed" not in text


TAKEN = {
    "": {"fast", "harness"},
    "-m cpu_full": {"cpu_full"},
    "test_claims.py::test_tier": {"fast"},
    "test_claims.py::test_tier[cpu_full]": {"cpu_full"},
    "test_claims.py -k test_tier": {"fast"},
}


def test_the_fast_tier_is_taken_unless_another_was_asked_for(tmp_path):
    project = Project(tmp_path, TIERED)
    done = project.run_each(["--collect-only", "-q", *it.split()] for it in TAKEN)
    for (code, text), (words, taken) in zip(done, TAKEN.items(), strict=True):
        assert code == pytest.ExitCode.OK
        found = set(re.findall(r"::test_(?:tier\[(\w+)\]|of_the_(harness))", text))
        assert {tier or harness for tier, harness in found} == taken, words


def test_a_gpu_tier_without_a_gpu_is_an_error_with_the_remedy(tmp_path):
    """The plan of it needs none, nor does --device cpu."""
    words = ["-m", "gpu_full"]
    refused, done = Project(tmp_path, TIERED).run_each([words, [*words, "--device", "cpu"]])
    assert refused[0] == pytest.ExitCode.USAGE_ERROR
    assert "1 tests cannot run here: the gpu_full tier needs a CUDA GPU" in refused[1]
    assert "--device cpu" in refused[1] and "passed" not in refused[1]
    assert done[0] == 0 and "PASSED test_claims.py::test_tier[gpu_full]" in done[1]


def test_missing_data_is_an_error_with_the_command_that_fetches_it(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    project, words = Project(tmp_path, NEEDY), ["-m", "cpu_full"]
    (by_option,) = project.run_each([[*words, "--data-root", str(empty)]])
    (by_variable,) = project.run_each([words], RETHINKING_DATA=str(empty))
    for code, text in (by_option, by_variable):
        assert code == pytest.ExitCode.USAGE_ERROR and "must not run" not in text
        assert re.search(f"1 tests cannot run here: {CIFAR10}", text), text
    assert re.search(FETCH.format("cifar10"), by_option[1])
    assert re.search(FETCH.format("mnist"), by_option[1])
    assert "data fetch cifar10, or say where it is with --data-root" in by_variable[1]


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


WRONG = """
@pytest.mark.cpu_full
@pytest.mark.claim("2.1-fits")
def test_wrong(judge):
    raise AssertionError("must not run")
"""


def test_under_xdist_where_only_workers_collect_each_such_test_fails(tmp_path):
    """Of those whose data are missing, and of one that is wrongly marked."""
    (tmp_path / "empty").mkdir()
    project = Project(tmp_path, NEEDY + WRONG)
    session = project.run("-m", "cpu_full", "--data-root", str(tmp_path / "empty"), "-n", "1")
    assert session.code == pytest.ExitCode.TESTS_FAILED
    assert session.outcomes == dict.fromkeys(
        ("test_recipe[cpu_full-recipe]", "test_marker", "test_wrong"), "ERROR"
    )
    assert "unknown claim '2.1-fits'; nearest: 2.1-fit" in session.text
    (recipe,) = session.of("test_recipe[cpu_full-recipe]")
    (marker,) = session.of("test_marker")
    assert [recipe.verdict, marker.verdict] == ["not run", "not run"]
    assert re.search(CIFAR10, recipe.reason)
    assert re.search(FETCH.format("cifar10"), recipe.reason)
    assert re.search(FETCH.format("mnist"), marker.reason)
    assert "must not run" not in session.text
