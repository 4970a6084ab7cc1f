"""``--arch``: capacity claims on networks of one's own, in sessions of their own."""

import argparse

import pytest

from harness.cli.networks import add_network_options, own_networks
from harness.errors import NetworkError
from harness.tests.plugin_helpers import Project

HERE = "harness.tests.own_networks"
CLAIMS = """
PUBLISHED = published_row("table1_cifar10", "train", model="Inception", labels="random")

def own(network):
    changes = {"train_size": 16, "precision": "fp32", "stop_at_zero_error": True, "epochs": 60}
    groups = {
        setting: [paper_recipe(network, "digits", setting, **changes)]
        for setting in ("true-labels", "random-labels")
    }
    return [Trial("fast", "", "paper", groups)]

@pytest.mark.claim("2.1-fit")
@trials(
    Trial("fast", "the-papers", "scaled", {"random-labels": [tiny(9)]}, finding="it is known why"),
    own=own,
)
def test_fit(trial, laboratory, judge):
    for setting, runs in laboratory.runs(trial).items():
        judge(accuracy(f"{trial.network}: {setting}", runs, "train"), ONE, PUBLISHED)

@pytest.mark.claim("2.1-chance")
@trials(Trial("fast", "another", "scaled", {"random-labels": [tiny(9)]}))
def test_of_the_paper(trial, laboratory, judge):
    raise AssertionError("deselected")

@pytest.mark.fast
@pytest.mark.control("2.1-fit")
def test_control(judge):
    raise AssertionError("deselected")
"""
TWO = (f"--arch={HERE}:mlp", "--arch-option=width=64", f"--arch={HERE}:Warns", "--arch-lr=0.05")


def test_the_trials_are_those_of_the_networks_and_all_else_is_deselected(tmp_path):
    done = Project(tmp_path, CLAIMS).run(*TWO, "-n", "2", "--report", str(tmp_path / "report"))
    mlp, warns = f"{HERE}:mlp(width=64)", f"{HERE}:Warns"
    assert set(done.outcomes) == {f"test_fit[fast-{mlp}]", f"test_fit[fast-{warns}]"}, done.text
    assert done.outcomes[f"test_fit[fast-{mlp}]"] == "PASSED", done.text
    assert {record.network for record in done.evidence} == {mlp, warns}
    of_mlp = [record for record in done.evidence if record.network == mlp]
    assert [record.verdict for record in of_mlp] == ["supported", "supported"]
    for record in of_mlp:
        assert record.published == 1.0
        assert record.published_where.startswith("the paper's own network, for comparison")
        assert record.published_cell == "", "it fills no cell of the paper's tables"
        assert "learning rate 0.05 (the paper's: 0.01)" in record.reason
        assert record.expected, "an expected failure of the paper's networks is not this one's"
        assert f"--arch {HERE}:mlp --arch-option width=64 --arch-lr=0.05" in record.command
    for words in (
        "13,002 parameters at 8x8",
        "other tests, controls among them, are deselected",
        "networks compared",
        f"{mlp}: 1 supported, of 1 claims",
        "this layer is old",
    ):
        assert words in done.text, words
    assert "claims judged" not in done.text, "no verdict on a claim of the paper"
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Networks of your own" in page
    assert "<strong>45</strong>" in page, "every claim of the paper is not run"
    assert (tmp_path / "report" / "figures" / "own-networks.svg").is_file()
    assert not (tmp_path / "report" / "figures" / "figure-1a.svg").exists()


def test_a_plan_names_the_trainings_of_the_network(tmp_path):
    done = Project(tmp_path, CLAIMS).run("--plan", "--arch=mlp-1x16", "--arch-epochs=7")
    assert "mlp-1x16 on digits (n = 16), random labels, seed 0: at most 7 epochs" in done.text
    assert "2 trainings for 1 tests" in done.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            [f"--arch={HERE}:WrongSize", "-n", "2"],
            "it should be (4, 10), a logit for each of 10 classes",
        ),
        (["--dataset=no/such/folder"], "there is no such folder"),
        (["--arch-lr=0.1"], "--arch-lr was given, but it is that of an --arch: name one"),
    ],
)
def test_what_cannot_work_ends_the_session_before_anything_is_collected(tmp_path, arguments, words):
    done = Project(tmp_path, CLAIMS).run(*arguments)
    assert done.code == pytest.ExitCode.USAGE_ERROR, done.text
    assert words in done.text
    assert "Traceback" not in done.text
    assert not done.outcomes


# --- The options themselves ------------------------------------------------------------------


def parsed(*arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_network_options(parser.add_argument)
    return parser.parse_args(arguments)


def test_an_option_belongs_to_the_network_before_it_and_is_a_python_value():
    words = (
        "--arch a:B --arch-option width=64 --arch-option size=(1,2) --arch c:D --arch-option x=y"
    )
    assert parsed(*words.split()).arch == [
        ("a:B", (("width", 64), ("size", (1, 2)))),
        ("c:D", (("x", "y"),)),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--arch-option", "width=3"],
        ["--arch", "a:B", "--arch-option", "width"],
        ["--arch-lr", "0"],
        ["--arch-batch-size", "2.5"],
        ["--image-size", "-3"],
    ],
)
def test_an_option_that_means_nothing_is_refused(arguments):
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parsed(*arguments)


def test_two_networks_of_one_name_are_refused():
    with pytest.raises(NetworkError, match=r"net.py:make is named twice"):
        own_networks([("./net.py:make", ()), ("./other/net.py:make", ())])
