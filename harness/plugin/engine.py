"""``--engine ray``: a cluster makes the runs first; judging then finds them in the store."""

import os
from pathlib import Path

import pytest

from harness.data.catalogue import data_root
from harness.environment import available_cores
from harness.errors import ClusterError, HarnessError
from harness.linear.recipe import SolveRecipe
from harness.plugin.experiments import work_of
from harness.plugin.options import SESSION, trains_nothing
from harness.plugin.plan import WORKERS
from harness.plugin.progress import FOOT
from harness.plugin.tiers import PROBLEM, needs_gpu, tier_of
from harness.runs.remote import RemoteSettings
from harness.training.recipe import Recipe

REMOTE = pytest.StashKey[dict[Recipe | SolveRecipe, str]]()
"""Keys in the store of the runs that the cluster has made, by recipe."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the engine."""
    group = parser.getgroup("claims")
    group.addoption(
        "--engine",
        choices=["here", "ray"],
        default="here",
        help="where runs are made: in this process, or on a Ray cluster",
    )
    group.addoption(
        "--ray-address",
        metavar="ADDRESS",
        help="HOST:PORT of a running Ray cluster (default: one of this machine's cores)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an address without the engine that it is for."""
    if config.option.ray_address and config.option.engine != "ray":
        raise pytest.UsageError("--ray-address is for --engine ray")
    config.stash[REMOTE] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Have all runs made; a test whose recipe failed on the cluster fails with the reason."""
    config = session.config
    if config.getoption("--engine") != "ray" or trains_nothing(config) or session.testsfailed:
        return
    wanted = list(dict.fromkeys(recipe for item in session.items for recipe in work_of(item)))
    if not wanted:
        return
    from harness.runs.cluster import connected

    state, foot = config.stash[SESSION], config.stash[FOOT]
    try:
        with connected(config.getoption("--ray-address"), remote_settings(config)) as cluster:
            for item in session.items:
                if cluster.kind == "cpu" and needs_gpu(item):
                    raise ClusterError(
                        f"the {tier_of(item)} tier needs a CUDA GPU, and no machine of the cluster"
                        " has one; add one (ray start --num-gpus), or run it slowly with --device"
                        " cpu"
                    )
            jobs = cluster.jobs(wanted)
            cores, gpus = (sum(getattr(it, of) for it in cluster.nodes) for of in ("cpus", "gpus"))
            foot.show(
                f"{len(jobs)} jobs on {len(cluster.nodes)} machines with {cores} cores and"
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


def remote_settings(config: pytest.Config) -> RemoteSettings:
    """This session's settings for the machines of a cluster."""
    option = config.getoption
    explicit: Path | None = option("--data-root")
    is_set = explicit or os.environ.get("RETHINKING_DATA")
    return RemoteSettings(
        runs=option("--runs").absolute(),
        data_root=data_root(explicit).absolute() if is_set else None,
        # A task sees only its own GPUs, whatever their number on the machine.
        device=option("--device").split(":")[0],
        precision=option("--precision"),
        fresh_since=config.stash[SESSION].started if option("--fresh") else None,
        # As many as a process of this session would take, alone or as one of -n.
        threads=max(1, available_cores() // max(1, config.stash[WORKERS])),
    )
