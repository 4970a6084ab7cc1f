"""``--measure``: a complexity measure is loaded, tried, and put through the randomisation test."""

import pytest

from harness.capacity.measures import MEASURES
from harness.evidence.catalogue import load_catalogue
from harness.plugin.measured import of_run
from harness.plugin.options import CLAIMS
from harness.runs.records import Records
from harness.tests.plugin_helpers import Project, fresh

TESTS = """
from harness.evidence import AtLeast
from harness.evidence.complexity import random_above_true

FEW = [
    paper_recipe("mlp-1x512", "digits", labels, train_size=16, epochs=2, seed=seed)
    for labels in ("true-labels", "random-labels") for seed in (0, 1)
]

@pytest.mark.fast
@pytest.mark.claim("M-labels")
@pytest.mark.measures(*FEW)
def test_labels(measured, judge):
    assert [len(it.inputs) for it in measured.trained] == [16] * 4
    assert measured.has_bound == measured.name.endswith("pair")
    seen = random_above_true(measured.name, measured.networks)
    judge(seen, AtLeast(0.0, source="any"), otherwise="none")

@pytest.mark.fast
@pytest.mark.claim("M-bound")
@pytest.mark.measures(
    *FEW,
    paper_recipe("mlp-1x512", "digits", "corrupted-0.5", train_size=16, epochs=2),
    bound=True,
)
def test_bound(measured, judge):
    changed = measured.with_values(lambda it: it.corrupted)
    judge(exact("shares", [it.value for it in changed], ""), Equals(0.5, source="one network"))

@pytest.mark.claim("2.1-chance")
@experiments(fast={"another": [tiny(9)]})
def test_of_the_paper(runs, judge):
    raise AssertionError("deselected")
"""
MINE = '''
import contextlib, os, warnings
from pathlib import Path

def measure(model, inputs, labels, initial):
    """How far the weights moved."""
    final = model.state_dict()
    return sum((final[name] - start).square().sum() for name, start in initial.items())

def pair(model, inputs, labels, initial):
    warnings.warn("a measure's own warning is no error")
    with open("calls", "a") as file:
        file.write("x")
    return measure(model, inputs, labels, initial), 0.5

def informed(model, inputs, labels, initial, replaced):
    return replaced.sum(), 0.5

def spying_pair(model, inputs, labels, initial):
    """Copies what the session has written, and its command line."""
    for path in [*Path().rglob("*.parts/*/*"), Path(f"/proc/{os.getppid()}/cmdline")]:
        with contextlib.suppress(OSError), open("seen", "ab") as file:
            file.write(path.read_bytes())
    with open("calls", "a") as file:
        file.write("x")
    return len(labels), 0.5

def on_convolutions(model, inputs, labels, initial):
    return model.conv1.weight.norm()
'''


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path, TESTS)
    (tmp_path / "mine.py").write_text(MINE)
    return made


def test_measures_alone_are_tried_and_each_network_once(project, tmp_path):
    done = project.run("--measure=./mine.py:pair", "--measure=path-norm", "-k", "labels")
    assert done.outcomes == {
        "test_labels[./mine.py:pair]": "PASSED",
        "test_labels[path-norm]": "PASSED",
    }, done.text
    assert [record.claim for record in done.evidence] == ["M-labels"] * 2
    assert {record.scale for record in done.evidence} == {"scaled"}
    assert "the randomisation test of ./mine.py:pair, path-norm" in done.text
    assert "The randomisation test of complexity measures" in done.text
    assert "a measure's own warning is no error" in done.text
    # Once before anything trains, and then once a network.
    assert len((tmp_path / "calls").read_text()) == 1 + 4


def test_of_a_measure_that_knows_the_random_labels_only_the_bound_is_judged(project):
    done = project.run("--measure=./mine.py:informed", "--measure=ratt")
    assert done.outcomes == {
        "test_bound[./mine.py:informed]": "PASSED",
        "test_bound[ratt]": "PASSED",
    }


def test_no_file_has_the_seed_or_the_gaps_before_all_is_measured(project, tmp_path):
    """Not with -n either: then another process would have judged."""
    words = "--measure=./mine.py:pair", "--measure=./mine.py:spying_pair", "-n2"
    done = project.run(*words, start=fresh)  # With a command line of its own.
    assert len(done.evidence) == 4, done.text
    assert len((tmp_path / "calls").read_text()) == 2 * (1 + 5), "in one process"
    seed = str(done.evidence[0].seed)
    seen = (tmp_path / "seen").read_text()
    assert "--measure=./mine.py:spying_pair" in seen and seed not in seen and "M-labels" not in seen
    again = project.run(*words[:2], f"--base-seed={seed}")
    assert [it.values for it in again.evidence] == [it.values for it in done.evidence]


def test_records_have_the_built_in_measures_of_their_networks():
    path = "cifar10/mlp-1x512/random-labels.cpu-bf16.json"
    run = Records.load().by_path[path]
    found = of_run(MEASURES["max-row-product"], run)
    assert (found.images, found.corrupted) == (50_000, 1.0)
    assert found.gap == pytest.approx(run.train_accuracy - run.test_accuracy)
    norms = [layer["final"]["1,inf"] for layer in run.outcome.summary["layers"]]
    assert found.value == pytest.approx(norms[0] * norms[1])
    assert found.bound > 1


REFUSED = {
    f"{CLAIMS / 'measures'} -m fast": "name one with --measure",
    "--recorded --measure=./mine.py:measure": "needs the network itself",
    "--recorded --measure=ratt": "needs which labels are random",
    "--recorded --measure=path-norm": "add -m cpu_full",
    "--measure=path-norm --arch=./net.py:net": "--measure path-norm knows dense layers alone",
    "--measure=./mine.py:on_convolutions": "./mine.py:on_convolutions raised on mlp-1x512",
}


def test_what_records_cannot_answer_and_what_is_no_measure_is_refused(project, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = project.run_each(it.split() for it in REFUSED)
    for (code, text), message in zip(done, REFUSED.values(), strict=True):
        assert code == pytest.ExitCode.USAGE_ERROR
        assert message in " ".join(text.split())


NET = """
from torch import nn

def net(shape, classes):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, classes)
    )
"""


def test_a_measure_is_tried_on_a_network_of_yours(project, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    words = "--measure=./mine.py:on_convolutions", "--arch=./net.py:net"
    (tmp_path / "mine.py").write_text(MINE.replace("model.conv1", "model[0]"))
    done = project.run(*words, "-k", "labels")
    assert done.outcomes == {"test_labels[./mine.py:on_convolutions]": "PASSED"}, done.text
    assert {it.network for it in done.evidence} == {"./mine.py:on_convolutions on net.py:net"}


def test_the_claims_on_measures_are_known_to_their_catalogue_alone():
    measures = load_catalogue(CLAIMS / "measures" / "catalogue.toml")
    assert not set(measures) & set(load_catalogue(CLAIMS / "catalogue.toml"))
    written = (CLAIMS / "measures" / "test_randomization_test.py").read_text()
    for claim in measures:
        assert f'claim("{claim}")' in written
        assert f'control("{claim}")' in written
