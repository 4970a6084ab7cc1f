"""Hypothesis under the plugin: profiles, and the session's seed."""

import pytest

from harness.tests.plugin_helpers import TRUE, Project, fresh

TEST = """
from hypothesis import given, settings, strategies

SEEN = []

@given(strategies.integers())
def test_numbers(number):
    SEEN.append(number)

def test_told():
    print(f"examples: {len(SEEN)} of {settings.default.max_examples}, {hash(tuple(SEEN[:25]))}")
    assert settings.default.deadline is None
"""


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, TEST)


def test_profile_and_seeds_decide_the_examples_on_ci_too(project):
    def tried(*arguments):
        hypothesis = ("-p", "_hypothesis_pytestplugin")
        session = project.run("-s", *hypothesis, *arguments, env={"CI": "1"}, start=fresh)
        assert session.code == 0, session.text
        headers.append(session.text)
        return next(line for line in session.text.splitlines() if "examples: " in line)

    headers = []
    usual = tried()
    assert "examples: 25 of 25" in usual
    assert tried("--base-seed=1", "--hypothesis-seed=0") == usual, "hypothesis's own goes first"
    many = tried("--base-seed=1", "--hypothesis-profile=ci")
    assert "of 250," in many and many.split()[-1] != usual.split()[-1]
    assert "property tests try 250 samples (profile ci) from seed 1" in headers[-1]


def test_a_failure_is_repeated_with_as_many_samples_and_the_same_way_to_train(tmp_path):
    session = Project(tmp_path, TRUE).run(
        *("-p", "_hypothesis_pytestplugin", "--hypothesis-profile=ci", "--steps=compiled")
    )
    (record,) = session.evidence
    assert record.command.endswith("::test_it --steps compiled --hypothesis-profile ci")
