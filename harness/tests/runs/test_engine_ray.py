"""``--engine ray``: the same evidence as without it; failures are reported.

One test starts a real Ray, a cluster of this machine's cores.
"""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from harness.errors import ClusterError, HarnessError
from harness.runs.cluster import Cluster, Job, Node
from harness.runs.remote import JobResult, RemoteSettings, code_of_runs, do_job, problem_here
from harness.runs.run import Run
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.plugin_helpers import Project, fresh
from harness.tests.training_helpers import tiny_recipe
from harness.training.imagenet import imagenet_recipe

CLAIMS = """
@pytest.mark.claim("2.1-fit")
@experiments(fast={"group": [tiny(seed) for seed in range(3)], "alone": [tiny(5, dropout=0.1)]})
def test_it(runs, judge):
    judge(accuracy("train", runs.all, "train"), AtLeast(0.0, source="nothing"), otherwise="none")

@pytest.mark.claim("2.1-fit")
@experiments(fast={"no-data": [tiny(train_size=None, dropout=0.2)]})
def test_other(runs, judge):
    judge(accuracy("train", runs.all, "train"), AtLeast(0.0, source="no"), otherwise="none")
"""
PATIENCE = 400
"""Seconds for a session that starts Ray, half a dozen processes, where others take the cores."""
needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[cluster]'"
)


def tiny(seed=0, **changes):
    return tiny_recipe(epochs=2, label_corruption=1.0, seed=seed, **changes)


def settings(tmp_path, **changes):
    return RemoteSettings(
        **{"runs": tmp_path / "runs", "data_root": None, "device": "cpu", **changes}
    )


@needs_ray
def test_the_evidence_is_the_same_as_without(tmp_path):
    """It is equal to the last bit, and the cluster trained the runs that are judged."""
    here, there = ((tmp_path / name) for name in ("here", "there"))
    for folder in (here, there):
        folder.mkdir()
    plain = Project(here, CLAIMS).run()
    sent = Project(there, CLAIMS).run("--engine", "ray", patience=PATIENCE, start=fresh)
    assert plain.code == sent.code == 0, sent.text
    assert "jobs on 1 machines" in sent.text
    assert "epoch" not in sent.text, "something trained here"

    def evidence(session):
        return [(r.check, r.values, r.verdict, r.interval, r.runs) for r in session.evidence]

    assert evidence(plain) == evidence(sent) and len(sent.evidence) == 3
    assert trained(here / "runs") == trained(there / "runs")


def trained(runs):
    """By recipe: figures that depend on the rounding of sums, and the threads and group size."""
    found = {}
    for path in runs.glob("*/run.json"):
        run = Run.from_json(path.read_bytes())
        rounding = [run.environment[name] for name in ("threads", "trained_together")]
        found[run.recipe] = (rounding, run.curve.loss, run.curve.test_accuracy)
    return found


# --- Jobs --------------------------------------------------------------------------------------


class NoRay:
    """Tasks that are done when their results are asked for; the first ``failures`` of them fail."""

    class exceptions:
        RayError = OSError

    def __init__(self, failures=0):
        self.failures, self.asked = failures, []

    def remote(self, function):
        return SimpleNamespace(
            options=lambda **wanted: SimpleNamespace(
                remote=lambda *given: self.asked.append(wanted) or (len(self.asked), given)
            )
        )

    def get(self, reference):
        if self.failures:
            self.failures -= 1
            raise OSError("the machine went away")
        recipes = reference[1][0]
        return JobResult([f"key {recipe.seed}" for recipe in recipes])


def cluster(tmp_path, ray=None, cpus=4, gpus=0, **changes):
    machines = (Node("one", "1", cpus, gpus), Node("two", "2", 2, 0))
    return Cluster(ray or NoRay(), machines, settings(tmp_path, **changes))


def test_jobs_are_groups_and_take_the_gpus_that_the_recipe_says(tmp_path):
    recipes = [tiny(0), tiny(1), tiny(2, dropout=0.1)]
    jobs = cluster(tmp_path).jobs(recipes)
    assert [len(job.recipes) for job in jobs] == [2, 1]
    assert [(job.cpus, job.gpus, job.threads) for job in jobs] == [(1, 0, 1), (1, 0, 1)]
    jobs = cluster(tmp_path, threads=3).jobs(recipes)
    assert [(job.cpus, job.threads) for job in jobs] == [(3, 3)] * 2, "as without a cluster"
    (job, _) = cluster(tmp_path, threads=9).jobs(recipes)
    assert (job.cpus, job.threads) == (4, 4), "no machine has more"
    large = imagenet_recipe("true-labels")
    (job,) = cluster(tmp_path, cpus=64, gpus=8, device="auto").jobs([large])
    assert (job.gpus, job.cpus) == (8, 64)
    (job,) = cluster(tmp_path, device="cpu", threads=3).jobs([large])
    assert (job.gpus, job.cpus) == (0, 3), "in one process, part after part, as without a cluster"
    with pytest.raises(ClusterError, match=r"takes 8 GPUs of one machine, .* more than 4"):
        cluster(tmp_path, gpus=4, device="auto").jobs([large])


def test_a_job_that_fails_is_reported_with_its_reason(tmp_path):
    notices, ray = [], NoRay(failures=1)
    jobs = [Job((tiny(seed),)) for seed in (3, 4)]
    finished = cluster(tmp_path, ray).finish(jobs, notices.append)
    assert finished.failures == {tiny(3): "it failed 3 times: the machine went away"}
    assert finished.keys == {tiny(4): "key 4"}
    assert [text.partition(": ")[2] for text in notices] == [finished.failures[tiny(3)]]
    assert all(it["max_retries"] == 2 and it["retry_exceptions"] for it in ray.asked)


NO_CLUSTER = """
from contextlib import contextmanager
from harness.environment import available_cores
from harness.runs import cluster
from harness.tests.runs.test_engine_ray import NoRay
@contextmanager
def connected(address, settings):
    assert settings.threads == max(1, available_cores() // 2), "a worker's share"
    yield cluster.Cluster(NoRay(failures=2), (cluster.Node("one", "1", 2, 0),), settings)
cluster.connected = connected
"""


def test_a_test_whose_recipe_failed_on_the_cluster_fails_with_the_reason(tmp_path):
    arguments = ("--engine", "ray", "-n", "2", "-k", "alone or no-data")
    session = Project(tmp_path, CLAIMS, NO_CLUSTER).run(*arguments)
    assert session.code == pytest.ExitCode.TESTS_FAILED
    assert "was not trained: it failed 3 times: the machine went away" in session.text


def test_a_gpu_tier_on_a_cluster_without_gpus_is_refused(tmp_path):
    """Its recipes would train on CPUs for days."""
    project = Project(tmp_path, CLAIMS.replace("fast=", "gpu_full="), NO_CLUSTER)
    session = project.run("-m", "gpu_full", "--engine", "ray", "-n", "2")
    assert session.code == pytest.ExitCode.USAGE_ERROR and not session.outcomes
    assert "the gpu_full tier needs a CUDA GPU, and no machine of the cluster has" in session.text


# --- What a machine does -----------------------------------------------------------------------


def test_a_machine_makes_nothing_twice_and_reports_problems(tmp_path):
    recipes = [tiny(0), tiny(1)]
    result = do_job(recipes, settings(tmp_path), threads=1)
    runner = Runner(Store(tmp_path / "runs"), device="cpu")
    assert result.keys == [run.key for run in runner.runs(recipes)]
    assert do_job(recipes, settings(tmp_path), threads=1) == result
    photographs = imagenet_recipe("true-labels", rank_batch=None, batch_size=4)
    nothing = do_job([photographs], settings(tmp_path, data_root=tmp_path), threads=1)
    assert not nothing.keys and "no photographs under" in nothing.problem


def test_a_machine_that_lacks_the_store_the_data_or_the_code_is_refused(tmp_path):
    token, code = tmp_path / "token", code_of_runs()
    assert "does not see the run store" in problem_here(token, settings(tmp_path), code)
    token.touch()
    other = settings(tmp_path, data_root=tmp_path / "missing")
    assert "does not see the data folder" in problem_here(token, other, code)
    assert "another version of the training code" in problem_here(token, settings(tmp_path), "x")
    assert problem_here(token, settings(tmp_path), code) == ""


def test_runs_of_other_machines_are_found_without_their_device(tmp_path):
    runs = Runner(Store(tmp_path / "runs"), device="cpu").runs([tiny(0)])
    remote = {tiny(0): runs[0].key}
    head = Runner(Store(tmp_path / "runs"), device="cuda:7", remote=remote)
    assert head.run(tiny(0)) == runs[0] and head.runs([tiny(0)]) == runs
    with pytest.raises(HarnessError, match="cuda:7"):
        head.run(tiny(1))
