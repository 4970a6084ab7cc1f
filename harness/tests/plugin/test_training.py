"""A recipe is trained once, when it is first needed, in sight, and only if the plan names it."""

import json
import re

import pytest

from harness.plugin.progress import side_by_side
from harness.tests.plugin_helpers import Project

# Every training is noted, and progress is shown as soon as there is some.
CONFTEST = """
from pathlib import Path

def pytest_configure(config):
    from harness.plugin import progress
    from harness.runs.trainer import Trainer

    progress.LOG_SECONDS = 0
    make, show = Trainer.make, progress.Foot.show

    def noted_make(self, by_key, *ranks):
        with open("trained.txt", "a") as file:
            file.writelines(f"{recipe}\\n" for recipe in by_key.values())
        return make(self, by_key, *ranks)

    def noted_show(self, text):
        show(self, text)
        Path("shown").touch()

    Trainer.make, progress.Foot.show = noted_make, noted_show
"""

CLAIMS = """
import time
from pathlib import Path

LIMIT = AtMost(1.0, source="Table 9")
@pytest.mark.claim("2.1-fit")
@pytest.mark.parametrize("who", ["one", "another"])
@experiments(fast={"shared": [tiny(5)]})
def test_shared(who, runs, judge):
    trained = runs.all
    waited = time.monotonic() + 60
    while not Path("shown").exists() and time.monotonic() < waited:
        time.sleep(0.05)  # The controller of xdist looks twice a second.
    judge(accuracy("training accuracy", trained, "train"), LIMIT, otherwise="none")

@pytest.mark.claim("2.1-fit")
@experiments(fast={"hot": [tiny(8, learning_rate=1e30)]})
def test_diverged(runs, judge):
    judge(accuracy("accuracy", runs.all, "train"), LIMIT, otherwise="none")

@pytest.mark.claim("2.1-fit")
@experiments(fast={f"seed-{s}": [tiny(s, epochs=1)] for s in (3, 4)})
def test_alike(runs, judge):
    judge(accuracy("x", runs.all, "train"), LIMIT, otherwise="none")

@pytest.mark.fast
@pytest.mark.baseline("seed")
@pytest.mark.needs(training=[tiny(5)])
def test_baseline(runs):
    assert runs["training"][0].recipe.seed == 5
"""
NAMES = ("one", "another")
SHARED = "mlp-1x16 on digits (n = 32), random labels, seed 5"
ALIKE = [SHARED.replace("seed 5", f"seed {seed}") for seed in (3, 4)]


def trained(project):
    """What has been trained since the last time this was asked."""
    path = project.folder / "trained.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def together(project):
    """With how many a run of the store was trained."""
    kept = [json.loads(path.read_text()) for path in project.runs.glob("*/run.json")]
    return {run["environment"]["trained_together"] for run in kept}


def progress(session, recipe, epoch, worker=""):
    """Whether a line of the output says that the recipe trains, at this epoch."""
    line = rf"^{worker}{re.escape(recipe)}: epoch {epoch}/2, accuracy \d+\.\d %, .* left$"
    return re.search(line, session.text, re.MULTILINE) is not None


def test_a_recipe_is_trained_once_in_sight_and_again_only_when_asked(tmp_path):
    project = Project(tmp_path, CLAIMS, CONFTEST)
    session = project.run("-k", "shared or alike", "-n", "2")
    assert session.code == pytest.ExitCode.OK, session.text
    assert sorted(trained(project)) == sorted([SHARED, *ALIKE])
    assert together(project) == {1}, "each worker trains what its tests need"
    assert progress(session, SHARED, r"\d", worker=r"gw\d ")
    (record,) = session.of("test_shared[fast-shared-one]")
    (key,) = record.runs
    assert (project.runs / key / "run.json").is_file()
    assert (record.scale, record.tier) == ("scaled", "fast")
    assert record.bound == {"kind": "at_most", "value": 1.0}

    session = project.run("--fresh", "--base-seed", "1")
    seeds = {5, *(1_000 + seed for seed in (3, 4, 5, 8))}
    expected = sorted(SHARED.replace("seed 5", f"seed {seed}") for seed in seeds)
    assert sorted(trained(project)) == expected, "only baselines keep a seed"
    assert together(project) == {1, 2}, "one process trains what is of one shape as one job"
    assert session.outcomes.pop("test_diverged[fast-hot]") == "FAILED"
    assert set(session.outcomes.values()) == {"PASSED"}
    (one,), (another,) = (session.of(f"test_shared[fast-shared-{who}]") for who in NAMES)
    assert one.runs == another.runs != [key]
    (diverged,) = session.of("test_diverged[fast-hot]")
    assert (diverged.verdict, diverged.values) == ("refuted", [None])
    message = session.text.partition("2.1-fit is refuted")[2]
    assert "diverged" in message.partition("repeat ")[0], "the message says why"


def test_workers_share_the_line_or_take_turns():
    one, other = "gw0 trains this", "gw1 trains that"
    assert side_by_side([one, other], 80, turn=1) == "gw0 trains this | gw1 trains that"
    assert [side_by_side([one, other], 30, turn) for turn in range(3)] == [one, other, one]
