"""Evidence outlives a killed worker, an interrupted session and a file that cannot be written."""

import re
from dataclasses import replace

import pytest

from harness.tests.plugin_helpers import TRUE, Project

# Each test also writes down what it has judged, without the harness.
MORTAL = """
import signal

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
@pytest.mark.parametrize("number", range(8))
def test_it(judge, number):
    judge(share(1.0, f"check {number}"), ONE)
    with open("judged.txt", "a") as file:
        file.write(f"check {number}\\n")
    if number == int(os.environ["DIES_IN"]):
        # A session that was started in the background ignores interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
"""


def judged(session):
    return sorted(record.check for record in session.evidence if record.verdict == "supported")


def noted(folder):
    return sorted((folder / "judged.txt").read_text().splitlines())


def test_a_killed_worker_loses_no_evidence_and_its_test_is_named(tmp_path):
    project = Project(tmp_path, MORTAL)
    session = project.run("-n", "1", env={"DIES_IN": "3", "SIGNAL": "SIGKILL"})
    assert session.code == pytest.ExitCode.TESTS_FAILED
    assert judged(session) == noted(tmp_path) == [f"check {number}" for number in range(8)]
    (dead,) = [record for record in session.evidence if record.verdict == "not run"]
    assert dead.test == "test_claims.py::test_it[3]"
    assert re.search(r"gw\d died in it", dead.reason)
    assert dead.command == "pytest 'test_claims.py::test_it[3]'"
    assert re.search(r"^  the process died .*not run", session.text, re.MULTILINE)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_session_keeps_its_evidence_and_names_the_test(tmp_path, name):
    project = Project(tmp_path, MORTAL)
    session = project.run(env={"DIES_IN": "3", "SIGNAL": name})
    assert session.code == pytest.ExitCode.INTERRUPTED
    assert judged(session) == noted(tmp_path) == [f"check {number}" for number in range(4)]
    (record,) = [record for record in session.evidence if record.verdict == "not run"]
    assert record.test == "test_claims.py::test_it[3]"


def test_a_session_that_is_killed_leaves_its_parts_beside_the_evidence_file(tmp_path):
    project = Project(tmp_path, MORTAL)
    project.run(env={"DIES_IN": "3", "SIGNAL": "SIGKILL"})
    parts = "".join(path.read_text() for path in tmp_path.glob("evidence.jsonl.parts/*/main.*"))
    assert all(f'"check {number}"' in parts for number in range(4))
    assert "test_it[3]" in parts
    session = project.run("-k", "0", env={"DIES_IN": "9", "SIGNAL": "SIGKILL"})
    assert judged(session) == ["check 0"], "the next session starts with none of it"
    assert "has verdicts of a session that ended early" in session.text


def test_evidence_that_cannot_be_written_is_reported_and_its_parts_are_kept(tmp_path):
    session = Project(tmp_path, TRUE + "    os.makedirs('occupied/file')\n").run(
        "--evidence", "occupied"
    )
    assert "notice: the evidence could not be written" in session.text
    assert "\nevidence: occupied" not in session.text
    parts = list(tmp_path.glob("occupied.parts/*/*.jsonl"))
    assert parts, "the parts are kept"
    assert '"supported"' in parts[0].read_text()


# Dies by its own hand in an epoch of the second training, whichever test asked for it.
TRAINED_ON_A_GPU = """
@pytest.mark.claim("2.1-fit")
@experiments(
    gpu_full={f"lr-{it}": [tiny(learning_rate=it, epochs=4)] for it in (0.01, 0.02, 0.03)}
)
def test_it(runs, judge):
    judge(accuracy("x", runs.all, "train"), AtMost(1.0, source="none"), otherwise="none")
"""
DIES = """
import os, signal
from harness.runs.runner import Runner
from harness.runs.trainer import Trainer

made, report = Runner.__init__, Trainer._report

def always_saving(self, *args, **options):
    made(self, *args, **options)
    self.checkpoint_seconds = 0.0

def watched(self, recipes, trainings):
    report(self, recipes, trainings)
    with open("epochs.txt", "a") as file:
        file.write(f"{recipes[0].learning_rate} {trainings[0].curve.epochs}\\n")
    if os.environ.get("DIES") and len(open("epochs.txt").readlines()) == int(os.environ["DIES"]):
        os.kill(os.getpid(), signal.SIGKILL)

Runner.__init__, Trainer._report = always_saving, watched
"""


def test_a_gpu_session_that_was_killed_ends_with_the_same_evidence(tmp_path):
    """Run on the CPU. Nothing that finished is trained twice; what was begun goes on."""

    def essence(session):
        timeless = {"seconds": 0, "environment": {}, "when": ""}
        records = [replace(record, **timeless) for record in session.evidence]
        return sorted(map(str, records))

    def session(folder, **env):
        folder.mkdir(exist_ok=True)
        return Project(folder, TRAINED_ON_A_GPU, DIES).run(
            "-m", "gpu_full", "--device", "cpu", env=env
        )

    straight = session(tmp_path / "straight")
    assert len(straight.evidence) == 3 and straight.code == pytest.ExitCode.OK
    folder = tmp_path / "killed"
    assert session(folder, DIES="6").code != pytest.ExitCode.OK
    assert essence(session(folder)) == essence(straight)
    epochs = (folder / "epochs.txt").read_text().splitlines()
    # A checkpoint follows the report: the epoch in which it died is the only one trained again.
    assert len(epochs) == 12 + 1 and len(set(epochs)) == 12
