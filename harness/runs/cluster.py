"""Ray as the engine of a plan: each job of it a task, results into the store on a shared folder.

Ray is an extra (``cluster``), and is imported when a cluster is asked for. Jobs are what
`harness.training.batching.groups_of` makes of the recipes, and single solves.
"""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.environment import available_cores
from harness.errors import ClusterError
from harness.runs.address import REMEDY, require_answer
from harness.runs.jobs import Job, Machine, jobs_of
from harness.runs.remote import Place, code_of_all, done_there, look_around
from harness.runs.run import AnyRecipe

ATTEMPTS = 3
"""Times that a job is tried before it is given up."""
START_SECONDS = 180.0
"""How long its machines may take to start a process: others may use them, and disks be slow."""
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
    machines: tuple[Machine, ...]
    place: Place

    @property
    def kind(self) -> str:
        """The kind of device on which the plan trains: "cuda" where a machine has a GPU."""
        has_gpus = any(machine.gpus for machine in self.machines)
        wanted = self.place.device.split(":")[0]
        return "cuda" if wanted == "cuda" or (wanted == "auto" and has_gpus) else "cpu"

    def jobs(self, recipes: Sequence[AnyRecipe]) -> list[Job]:
        """The recipes as jobs, the longest first; raises ClusterError as `jobs_of` does."""
        return jobs_of(recipes, self.machines, self.kind, self.place.threads)

    def finish(self, jobs: Sequence[Job], tell: Callable[[str], None]) -> Finished:
        """Work through the jobs; ``tell`` hears of every failure, and of the progress.

        A job that fails is tried again, three times in all, unless what fails is what the user
        has to mend. Its runs go on from their checkpoints.
        """
        keys: dict[AnyRecipe, str] = {}
        failures: dict[AnyRecipe, str] = {}
        waiting = {self._submit(job): (job, 1) for job in jobs}
        while waiting:
            (ready,), _ = self.ray.wait(list(waiting), num_returns=1)
            job, attempt = waiting.pop(ready)
            try:
                told = self.ray.get(ready)
            except self.ray.exceptions.RayError as error:
                why = " ".join(str(error).strip().splitlines()[-1:])
                tell(f"{job} failed (attempt {attempt} of {ATTEMPTS}): {why}")
                if attempt < ATTEMPTS:
                    waiting[self._submit(job)] = (job, attempt + 1)
                else:
                    failures |= dict.fromkeys(job.recipes, f"it failed {ATTEMPTS} times: {why}")
                continue
            if told.problem:
                tell(f"{job} cannot be done: {told.problem}")
                failures |= dict.fromkeys(job.recipes, told.problem)
            keys |= dict(zip(job.recipes, told.keys, strict=False))
        return Finished(keys, failures)

    def check(self) -> None:
        """Raise ClusterError unless every machine has this code and sees this store and data."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        token = self.place.runs / f".shared-{os.getpid()}-{time.time_ns()}"
        try:
            token.parent.mkdir(parents=True, exist_ok=True)
            token.touch()
        except OSError as error:
            raise ClusterError(
                f"cannot write the run store {token.parent}: {error.strerror}; choose another"
                " place with --runs DIR"
            ) from error
        try:
            looking = self.ray.remote(num_cpus=0, max_retries=0)(look_around)
            asked = {
                looking.options(
                    scheduling_strategy=NodeAffinitySchedulingStrategy(machine.node, soft=False)
                ).remote(token, self.place): machine
                for machine in self.machines
            }
            answered, _ = self.ray.wait(list(asked), num_returns=len(asked), timeout=START_SECONDS)
            for reference, machine in asked.items():
                if reference not in answered:
                    raise ClusterError(
                        f"{machine.name} of the cluster started no process within"
                        f" {START_SECONDS:.0f} s; look at its Ray logs"
                    )
                try:
                    found = self.ray.get(reference)
                except self.ray.exceptions.RayError as error:
                    why = str(error).strip().splitlines()[-1]
                    raise ClusterError(
                        f"{machine.name} cannot run this code ({why}); install the project there,"
                        " in the same version of Python"
                    ) from error
                if found.problem:
                    raise ClusterError(f"{machine.name}: {found.problem}")
                if found.code != code_of_all():
                    raise ClusterError(
                        f"{machine.name} has another version of the training code; its runs would"
                        " not be found here: install this one there"
                    )
        finally:
            with contextlib.suppress(OSError):
                token.unlink()

    def _submit(self, job: Job) -> Any:
        task = self.ray.remote(done_there).options(
            num_cpus=job.cpus, num_gpus=job.gpus, memory=job.memory or None, max_retries=0
        )
        return task.remote(job.recipes, self.place, job.threads, max(1, job.gpus))


@contextmanager
def connected(address: str | None, place: Place) -> Iterator[Cluster]:
    """A cluster at ``address``, or one of this machine's cores that ends with the block.

    Raises ClusterError where Ray is not installed, nobody answers, or `Cluster.check` fails.
    """
    ray = _ray()
    if address and address != "auto":
        require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with warnings.catch_warnings(), _importable() as paths:
        warnings.simplefilter("ignore")
        own: dict[str, Any] = {"num_cpus": available_cores(), "include_dashboard": False}
        # A cluster of one's own inherits the paths, and its first processes serve: those of a
        # runtime environment would have to be started on top.
        theirs = {"runtime_env": {"env_vars": {"PYTHONPATH": paths}}}
        try:
            ray.init(
                address or "local",
                configure_logging=False,
                log_to_driver=False,
                **(theirs if address else own),
            )
        except Exception as error:  # Ray raises its own, and bare ones.
            raise ClusterError(
                f"the Ray cluster at {address or 'this machine'} cannot be used"
                f" ({(str(error).strip() or repr(error)).splitlines()[0]}); {REMEDY}"
            ) from error
        try:
            machines = tuple(
                Machine(
                    node["NodeManagerHostname"],
                    node["NodeID"],
                    int(node["Resources"].get("CPU", 0)),
                    int(node["Resources"].get("GPU", 0)),
                    float(node["Resources"].get("memory", 0)),
                )
                for node in ray.nodes()
                if node["Alive"]
            )
            if place.device.startswith("cuda") and not any(it.gpus for it in machines):
                raise ClusterError(
                    f"--device {place.device} was asked for, and no machine of the cluster has a"
                    " GPU; add one (ray start --num-gpus), or use --device cpu"
                )
            cluster = Cluster(ray, machines, place)
            cluster.check()
            yield cluster
        finally:
            ray.shutdown()


@contextmanager
def _importable() -> Iterator[str]:
    """PYTHONPATH with this package in it, as processes inherit it that the block starts."""
    before = os.environ.get("PYTHONPATH")
    paths = os.pathsep.join([str(PACKAGE_ROOT), *filter(None, [before])])
    os.environ["PYTHONPATH"] = paths
    try:
        yield paths
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


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
