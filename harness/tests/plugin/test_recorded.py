"""``--recorded``: verdicts from records; what is not recorded fails nothing, and is counted."""

import json
from types import SimpleNamespace

import pytest

from harness.cli import runs as cli
from harness.errors import HarnessError
from harness.runs.records import Records
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.plugin_helpers import Project
from harness.training.recipe import Recipe

CLAIMS = """
KNOWN = "it never fits in two epochs"

@pytest.mark.claim("2.1-fit")
@experiments(
    cpu_full={"recorded": [tiny(), tiny(1)], "half": [tiny(), tiny(2)]},
    gpu_full={"on-a-gpu": [tiny(1)]},
    known={"cpu_full-recorded": KNOWN, "gpu_full-on-a-gpu": KNOWN},
)
def test_it(runs, judge):
    judge(accuracy("training accuracy", runs.all, "train"), ONE)

@pytest.mark.cpu_full
@pytest.mark.claim("4-theorem1")
def test_what_computes(judge):
    judge(share(1.0), ONE)
"""
TIERS = ("-m", "cpu_full or gpu_full", "--data-root", "nowhere")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose first experiment is trained and recorded, and whose store is gone."""
    project = Project(tmp_path_factory.mktemp("recorded"), CLAIMS)
    trained = project.run("-m", "cpu_full", "-k", "recorded]")
    assert trained.outcomes == {"test_it[cpu_full-recorded]": "XFAIL"}
    for run in Store(project.runs).runs():
        cli.write_record(project.folder / "records", run)
    project.runs.rename(project.folder / "runs-of-then")
    project.trained = trained
    return project


def test_what_is_recorded_is_judged_as_where_it_was_trained(project):
    """Without workers: harness/tests/report/test_results.py."""
    session = project.run(*TIERS, "--recorded", "--records", "records", "-n", "1")
    assert session.code == 0
    assert session.outcomes["test_it[cpu_full-recorded]"] == "XFAIL"
    assert session.outcomes["test_it[gpu_full-on-a-gpu]"] == "XFAIL"
    assert "2 tests not recorded" in session.text
    assert "judged from 2 records in records" in session.text
    (then,), (now,) = (
        [it for it in each.evidence if "recorded]" in it.test]
        for each in (project.trained, session)
    )
    same = ("claim", "check", "verdict", "values", "interval", "bound", "runs", "notes", "scale")
    assert [getattr(now, it) for it in same] == [getattr(then, it) for it in same]
    assert now.recorded.startswith("recorded on ")
    assert now.command.endswith("--recorded")
    assert not project.runs.exists(), "nothing was trained, and nothing stored"
    assert not [it for it in session.evidence if "half" in it.test], "and not recorded is not run"


def test_a_record_changed_by_a_digit_ends_the_session(project):
    """What else a record may not be: harness/tests/runs/test_records.py."""
    path = sorted((project.folder / "records").rglob("*.json"))[0]
    sound = path.read_bytes()
    digest = json.loads(sound)["outcome"]["label_digest"].encode()
    try:
        path.write_bytes(sound.replace(digest, digest[::-1]))
        session = project.run(*TIERS, "--recorded", "--records", "records")
    finally:
        path.write_bytes(sound)
    assert session.code == 4 and path.name in session.text
    assert "INTERNALERROR" not in session.text


# --- python -m harness runs record | take-up --------------------------------------------------


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with one run that counts as one on a whole data set."""
    monkeypatch.setattr(cli, "dataset_spec", lambda name: SimpleNamespace(embedded=False))
    recipe = Recipe(model="mlp-1x16", dataset="digits", train_size=32, epochs=2, precision="fp32")
    store = Store(tmp_path / "runs")
    Runner(store, "cpu", threads=1).run(recipe)
    return store


def test_recording_asks_before_it_replaces(store, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "records"
    name = "mlp-1x16/digits/true-labels"
    cli.record([name], store, False, False, folder)
    assert "1 runs recorded" in capsys.readouterr().out
    cli.record([name], store, False, False, folder)
    assert "already recorded" in capsys.readouterr().out
    (run,) = Records.load(folder).by_path.values()
    (kept,) = store.runs()
    store.keep(cli.replace(kept, finished="2001-01-01T00:00:00+00:00"))
    cli.record([], store, True, False, folder)
    assert "no terminal to ask at" in capsys.readouterr().out
    assert next(iter(Records.load(folder).by_path.values())).finished == run.finished
    cli.record([], store, True, True, folder)
    assert next(iter(Records.load(folder).by_path.values())).finished[:4] == "2001"
    with pytest.raises(HarnessError, match="'python -m harness runs' lists them"):
        cli.record(["mlp-1x16/digits/gaussian"], store, False, False, folder)
    with pytest.raises(HarnessError, match="or give --all"):
        cli.record([], store, False, False, folder)


def test_what_was_taken_up_is_not_trained_again(store, tmp_path, monkeypatch):
    folder, other = tmp_path / "records", Store(tmp_path / "other")
    cli.record([], store, True, False, folder)
    cli.take_up(other, folder)
    (run,) = Records.load(folder).by_path.values()
    runner = Runner(other, "cpu", threads=1)
    monkeypatch.setattr(runner.trainer, "make", None)
    assert runner.run(run.recipe).outcome.train_correct == run.outcome.train_correct
    assert [it.recipe for it in other.runs()] == [run.recipe]
