"""Ray as the engine of a plan: each job is a task, and runs go to the store on a shared folder.

Ray is an extra (``cluster``), and is imported when a cluster is asked for.
"""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from harness.environment import available_cores
from harness.errors import ClusterError
from harness.files import write_atomically
from harness.runs.address import REMEDY, require_answer
from harness.runs.cluster_jobs import Job, Node, jobs_of
from harness.runs.remote import JobResult, RemoteSettings, code_of_runs, do_job, problem_here
from harness.runs.run import AnyRecipe

ATTEMPTS = 3
"""Times that Ray tries a job."""
START_SECONDS = 180.0
"""How long a machine may take to start a process, where other work or slow disks delay it."""
PACKAGE_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finished:
    """Where the runs of a plan are: keys by recipe; and why the others are not there."""

    keys: dict[AnyRecipe, str]
    failures: dict[AnyRecipe, str]


@dataclass(frozen=True)
class Cluster:
    """A connected Ray cluster."""

    ray: Any
    nodes: tuple[Node, ...]
    settings: RemoteSettings

    @property
    def kind(self) -> str:
        """The kind of device on which the plan trains: "cuda" where a machine has a GPU."""
        has_gpus = any(node.gpus for node in self.nodes)
        wanted = self.settings.device.split(":")[0]
        return "cuda" if wanted == "cuda" or (wanted == "auto" and has_gpus) else "cpu"

    def jobs(self, recipes: Sequence[AnyRecipe]) -> list[Job]:
        """The recipes as jobs, the longest first; raises ClusterError as `jobs_of` does."""
        return jobs_of(recipes, self.nodes, self.kind, self.settings.threads)

    def finish(self, jobs: Sequence[Job], notice: Callable[[str], None]) -> Finished:
        """Work through the jobs; ``notice`` gets a sentence on each job that is given up.

        Ray tries a job that fails several times, and its runs resume from their checkpoints. What
        the user has to repair is not tried again.
        """
        finished = Finished({}, {})
        for job, reference in [(job, self._submit(job)) for job in jobs]:
            try:
                result = self.ray.get(reference)
            except self.ray.exceptions.RayError as error:
                result = JobResult(problem=f"it failed {ATTEMPTS} times: {_last_line(error)}")
            if result.problem:
                notice(f"{job} cannot be done: {result.problem}")
                finished.failures.update(dict.fromkeys(job.recipes, result.problem))
            finished.keys.update(zip(job.recipes, result.keys, strict=False))
        return finished

    def check(self) -> None:
        """Raise ClusterError unless every machine has this code and sees this store and data.

        Raises StoreError where the store cannot be written.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        token = self.settings.runs / f".shared-{os.getpid()}-{time.time_ns()}"
        write_atomically(token, b"")
        task = self.ray.remote(num_cpus=0, max_retries=0)(problem_here)
        errors = self.ray.exceptions
        try:
            answers = {}
            for node in self.nodes:
                there = NodeAffinitySchedulingStrategy(node.id, soft=False)
                on_node = task.options(scheduling_strategy=there)
                answers[node] = on_node.remote(token, self.settings, code_of_runs())
            for node, answer in answers.items():
                try:
                    problem = self.ray.get(answer, timeout=START_SECONDS)
                except errors.GetTimeoutError:
                    problem = f"no process within {START_SECONDS:.0f} s; look at its Ray logs"
                except errors.RayError as error:
                    problem = (
                        f"it cannot run this code ({_last_line(error)}); install the project there,"
                        " in the same version of Python"
                    )
                if problem:
                    raise ClusterError(f"{node.name}: {problem}")
        finally:
            token.unlink(missing_ok=True)

    def _submit(self, job: Job) -> Any:
        task = self.ray.remote(do_job).options(
            num_cpus=job.cpus,
            num_gpus=job.gpus,
            memory=job.memory or None,
            max_retries=ATTEMPTS - 1,
            retry_exceptions=True,
        )
        return task.remote(job.recipes, self.settings, job.threads, max(1, job.gpus))


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [repr(error)])[-1]


@contextmanager
def connected(address: str | None, settings: RemoteSettings) -> Iterator[Cluster]:
    """A cluster at ``address``, or one of this machine's cores that ends with the block.

    Raises ClusterError where Ray is not installed, nobody answers, or `Cluster.check` fails.
    """
    ray = _ray()
    if address and address != "auto":
        require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    paths = os.pathsep.join(filter(None, [str(PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
    options: dict[str, Any] = {"runtime_env": {"env_vars": {"PYTHONPATH": paths}}}
    if not address:
        # Its processes inherit the paths; a runtime environment would start more of them.
        options = {"num_cpus": available_cores(), "include_dashboard": False}
    with warnings.catch_warnings(), patch.dict(os.environ, PYTHONPATH=paths):
        warnings.simplefilter("ignore")
        try:
            ray.init(address or "local", configure_logging=False, log_to_driver=False, **options)
        except Exception as error:  # Ray raises its own, and bare ones.
            raise ClusterError(
                f"the Ray cluster at {address or 'this machine'} cannot be used"
                f" ({(str(error).strip() or repr(error)).splitlines()[0]}); {REMEDY}"
            ) from error
        try:
            nodes = tuple(_node(it) for it in ray.nodes() if it["Alive"])
            if settings.device.startswith("cuda") and not any(node.gpus for node in nodes):
                raise ClusterError(
                    f"--device {settings.device} was asked for, and no machine of the cluster has a"
                    " GPU; add one (ray start --num-gpus), or use --device cpu"
                )
            cluster = Cluster(ray, nodes, settings)
            cluster.check()
            yield cluster
        finally:
            ray.shutdown()


def _node(facts: dict[str, Any]) -> Node:
    has = facts["Resources"]
    cpus, gpus, memory = (has.get(name, 0) for name in ("CPU", "GPU", "memory"))
    return Node(facts["NodeManagerHostname"], facts["NodeID"], int(cpus), int(gpus), float(memory))


def _ray() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray
    except ImportError as error:
        raise ClusterError(
            "the Ray engine needs Ray, which is not installed: pip install"
            " 'rethinking-generalization[cluster]' (or: pip install ray)"
        ) from error
    return ray
