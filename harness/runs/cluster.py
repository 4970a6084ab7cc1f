"""Ray as the engine of a plan: each job is a task, and runs go to the store on a shared folder.

Ray is an extra (``cluster``), and is imported when a cluster is asked for. Over 300 lines, since
the jobs, their retries and the machines that they fit are read together.
"""

import os
import socket
import subprocess
import sys
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
from harness.linear.recipe import SolveRecipe
from harness.linear.solve import memory_needed
from harness.runs.remote import JobResult, RemoteSettings, code_of_runs, do_job, problem_here
from harness.runs.run import AnyRecipe
from harness.runs.solver import LARGE, WORTH_THREADS
from harness.training.batching import groups_of
from harness.training.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """Recipes that one task works through, and what it takes of one machine."""

    recipes: tuple[AnyRecipe, ...]
    cpus: int = 1
    gpus: int = 0
    memory: int = 0
    """Bytes."""
    threads: int = 1
    """With which it computes on a CPU."""

    def __str__(self) -> str:
        more = f" and {len(self.recipes) - 1} more" if len(self.recipes) > 1 else ""
        return f"{self.recipes[0]}{more}"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, and what it has."""

    name: str
    id: str
    cpus: int
    gpus: int
    memory: float = float("inf")
    """Bytes that Ray gives to tasks."""


def jobs_of(
    recipes: Sequence[AnyRecipe], nodes: Sequence[Node], kind: str, threads: int
) -> list[Job]:
    """The recipes as jobs on devices of ``kind`` ("cpu" or "cuda"), the longest first.

    On a CPU each job computes in one process with ``threads``, as without a cluster: sums are
    rounded by their number, and after some hundred steps a network differs. A smaller machine gives
    what it has. Raises ClusterError where no machine has the GPUs that a recipe's processes need,
    or the memory of a solve: Ray would wait for such a machine for ever.
    """
    groups = groups_of([it for it in recipes if isinstance(it, Recipe)], kind)
    solves = dict.fromkeys(it for it in recipes if not isinstance(it, Recipe))
    threads = max(1, min(threads, max(node.cpus for node in nodes)))
    if kind == "cuda":
        jobs = [_on_gpus(group, nodes) for group in groups]
    else:
        jobs = [Job(tuple(group), threads, threads=threads) for group in groups]
    jobs += [_of_solve(recipe, nodes, kind, threads) for recipe in solves]
    return sorted(jobs, key=lambda job: -sum(recipe.cost for recipe in job.recipes))


def _on_gpus(group: Sequence[Recipe], nodes: Sequence[Node]) -> Job:
    """A GPU for each process of a recipe, and its share of the cores."""
    processes = max(recipe.processes for recipe in group)
    with_gpus = [node for node in nodes if node.gpus]
    most_gpus = max((node.gpus for node in with_gpus), default=0)
    if processes > most_gpus:
        raise ClusterError(
            f"{group[0]} takes {processes} GPUs of one machine, and no machine of the cluster has"
            f" more than {most_gpus}; add one, or set rank_batch to a larger part of batch_size"
        )
    cpus = processes * min(node.cpus // node.gpus for node in with_gpus)
    return Job(tuple(group), cpus, processes, threads=max(1, cpus))


def _of_solve(recipe: SolveRecipe, nodes: Sequence[Node], kind: str, threads: int) -> Job:
    """A large solve takes all cores of a machine, so that no two share its memory."""
    most_cpus = max(node.cpus for node in nodes)
    most_memory = max(node.memory for node in nodes)
    needed = memory_needed(recipe)
    if needed > most_memory:
        raise ClusterError(
            f"{recipe} takes {needed / 1e9:.1f} GB, and no machine of the cluster gives more than"
            f" {most_memory / 1e9:.1f} GB; add one, or deselect its tests with -k"
        )
    if kind == "cuda":
        return Job((recipe,), min(1, most_cpus), 1, needed, threads)
    small = threads if needed >= WORTH_THREADS else min(1, most_cpus)
    return Job((recipe,), most_cpus if needed >= LARGE else small, 0, needed, threads)


ANSWER_SECONDS = 5.0
HEALTH_SECONDS = 120.0
"""How long Ray's own check of the cluster may take."""
REMEDY = "start one with 'ray start --head', or leave --ray-address out for this machine's cores"


def require_answer(address: str) -> None:
    """Raise ClusterError unless a Ray cluster answers at HOST:PORT or ray://HOST:PORT."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"--ray-address {address!r} should be HOST:PORT, ray://HOST:PORT or auto"
        )
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise ClusterError(
            f"no Ray cluster answers at {address} ({error.strerror or error}); {REMEDY}"
        ) from error
    if address.startswith("ray://"):
        return  # Ray's check does not take such an address, and its client gives up by itself.
    asking = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(asking, capture_output=True, check=True, timeout=HEALTH_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"what answers at {address} is no Ray cluster, or did not say so within"
            f" {HEALTH_SECONDS:.0f} s; {REMEDY}"
        ) from error
    except subprocess.CalledProcessError as error:
        why = (error.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[-1]
        if "AuthenticationError" in why:
            # Ray's default from 2.59 on.
            raise ClusterError(
                f"the Ray cluster at {address} asks for a token; set RAY_AUTH_MODE=token, and, if"
                " it is not in ~/.ray/auth_token, RAY_AUTH_TOKEN to the cluster's token"
            ) from error
        raise ClusterError(f"the Ray cluster at {address} fails ({why}); {REMEDY}") from error


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
