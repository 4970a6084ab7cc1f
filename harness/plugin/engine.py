"""``--engine ray``: the plan is worked through on a cluster first; judging then finds its runs."""

import os
from pathlib import Path

import pytest

from harness.data.catalogue import data_root
from harness.environment import available_cores
from harness.errors import ClusterError, HarnessError
from harness.linear.recipe import SolveRecipe
from harness.plugin.options import SESSION, trains_nothing
from harness.plugin.progress import FOOT
from harness.plugin.tiers import PROBLEM, needs_gpu, tier_of
from harness.plugin.trials import work_of
from harness.runs.remote import Place
from harness.runs.store import default_store
from harness.training.recipe import Recipe

REMOTE = pytest.StashKey[dict[Recipe | SolveRecipe, str]]()
"""Keys in the store of what the cluster has trained, by recipe."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the engine."""
    group = parser.getgroup("claims")
    group.addoption(
        "--engine",
        choices=["here", "ray"],
        default="here",
        help="where the plan is worked through: in this process, or on a Ray cluster",
    )
    group.addoption(
        "--ray-address",
        metavar="ADDRESS",
        help="HOST:PORT of a running Ray cluster (default: one of this machine's cores)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A plan that is sent away is collected once, in this process."""
    option = config.option
    if option.ray_address and option.engine != "ray":
        raise pytest.UsageError("--ray-address is for --engine ray")
    if option.engine == "ray" and hasattr(option, "numprocesses"):
        option.jobs_a_machine = _number(option.numprocesses)
        option.numprocesses, option.dist, option.tx = None, "no", []


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is trained elsewhere unless an engine says so."""
    config.stash[REMOTE] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Have everything trained; a test whose recipe failed there fails with the reason."""
    config = session.config
    if config.getoption("--engine") != "ray" or trains_nothing(config) or session.testsfailed:
        return
    wanted = list(dict.fromkeys(recipe for item in session.items for recipe in work_of(item)))
    if not wanted:
        return
    from harness.runs.cluster import connected

    state, foot = config.stash[SESSION], config.stash[FOOT]
    try:
        with connected(config.getoption("--ray-address"), place_of(config)) as cluster:
            _require_gpus(cluster.kind, session.items)
            jobs = cluster.jobs(wanted)
            cores = sum(machine.cpus for machine in cluster.machines)
            gpus = sum(machine.gpus for machine in cluster.machines)
            foot.show(
                f"{len(jobs)} jobs on {len(cluster.machines)} machines with {cores} cores and"
                f" {gpus} GPUs"
            )
            finished = cluster.finish(jobs, state.notices.append)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[REMOTE] |= finished.keys
    for item in session.items:
        failed = [recipe for recipe in work_of(item) if recipe in finished.failures]
        if failed:
            item.stash[PROBLEM] = f"{failed[0]} was not trained: {finished.failures[failed[0]]}"


def _require_gpus(kind: str, items: list[pytest.Item]) -> None:
    """Raise ClusterError for a tier that needs GPUs on a cluster that has none, as here without."""
    if tier := next((tier_of(item) for item in items if kind == "cpu" and needs_gpu(item)), ""):
        raise ClusterError(
            f"the {tier} tier needs a CUDA GPU, and no machine of the cluster has one; add one"
            " (ray start --num-gpus), or run it slowly with --device cpu"
        )


def _number(wanted: int | str | None) -> int:
    """How many ``-n`` says, an xdist's word for all cores among them."""
    return available_cores() if isinstance(wanted, str) else max(1, wanted or 1)


def place_of(config: pytest.Config) -> Place:
    """What the machines of a cluster must know of this session."""
    option = config.getoption
    explicit: Path | None = option("--data-root")
    told = explicit or os.environ.get("RETHINKING_DATA")
    return Place(
        runs=(option("--runs") or default_store()).absolute(),
        data_root=data_root(explicit).absolute() if told else None,
        # A task sees the GPUs that are its own, whatever their number on the machine.
        device=option("--device").split(":")[0],
        precision=option("--precision"),
        fresh_since=config.stash[SESSION].started if option("--fresh") else None,
        # As many as the test's own process would take, alone or as one of -n.
        threads=max(1, available_cores() // getattr(config.option, "jobs_a_machine", 1)),
    )
