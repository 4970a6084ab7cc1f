"""Tiers: exactly one a test; plain pytest takes the fast one; what cannot run here is an error."""

import re
from functools import cache
from pathlib import Path

import pytest

from harness.data.catalogue import data_root, dataset_spec, verify
from harness.errors import DataError, UnknownName
from harness.evidence.catalogue import find
from harness.plugin.options import SESSION, trains_nothing
from harness.plugin.trials import TIERS, recipes_of, work_of

PROBLEM = pytest.StashKey[str]()
CLAIM_COLLECTED = pytest.StashKey[bool]()

ROLES = ("claim", "control", "baseline", "record")
MARKERS = (
    "fast: any machine, offline, on data that comes with a dependency",
    "cpu_full: the paper's own size, two cores and minutes; needs CIFAR-10",
    "gpu_full: the paper's own size, one GPU; needs CIFAR-10",
    "imagenet: the paper's own size, GPUs and days; needs ImageNet",
    "claim(id): the claim of claims/catalogue.toml that the test judges",
    "control(id): the same check on a broken premise; it must come out refuted",
    "baseline(name): pins figures in fixtures/baselines; its recipes fix their own seed",
    "record: holds a record of fixtures/records against what today's code trains",
    "needs_data(*names): datasets that the test reads beside those of its recipes",
    "trains(*recipes): what the test needs trained (written by harness.plugin.trials)",
    "solves(*recipes): the linear systems that the test needs solved",
    "own_network(make): trials of a network put in the place of the paper's (--arch)",
)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; refuse a tier or marker that nothing declares."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    known = [re.match(r"\w+", line)[0] for line in config.getini("markers")]
    for word in re.findall(r"\w+", re.sub(r"\(.*?\)", "", config.option.markexpr or "")):
        if word not in {*known, "and", "or", "not", "True", "False", "None"}:
            every = dict.fromkeys([*TIERS, *known])
            raise pytest.UsageError(str(UnknownName("tier or marker", word, every)))
    # xdist hands out tests one by one: the order below puts the longest first.
    if getattr(config.option, "maxschedchunk", False) is None:
        config.option.maxschedchunk = 1


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note that there is a test of a claim, selected or not."""
    if tier_of(item):
        item.config.stash[CLAIM_COLLECTED] = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers, and take the fast tier unless another was asked for."""
    for item in items:
        if problem := _marker_problem(config, item):
            refuse(config, item, problem)
    if not _tier_was_chosen(config):
        chosen = [item for item in items if tier_of(item) in ("", "fast")]
        if not chosen and _names_tests(config):
            chosen = list(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to start where a selected test cannot run here, with everything that is missing."""
    config = session.config
    if trains_nothing(config):
        return
    if not session.items and re.fullmatch("|".join(TIERS), config.option.markexpr or ""):
        none_here = not config.stash.get(CLAIM_COLLECTED, False)
        raise pytest.UsageError(
            f"no test of the {config.option.markexpr} tier is among those selected"
            + (": name the claims, --pyargs claims" if none_here else "")
        )
    if config.getoption("--recorded"):
        return
    if _wants_a_graph_without_a_gpu(config) and any(map(recipes_of, session.items)):
        raise pytest.UsageError(
            "--steps graph needs a CUDA device, and this session has none; take --steps eager or"
            " --steps compiled"
        )
    problems: dict[str, int] = {}
    for item in session.items:
        if PROBLEM in item.stash:
            continue
        if problem := missing_here(item):
            item.stash[PROBLEM] = f"cannot run here: {problem}"
            problems[problem] = problems.get(problem, 0) + 1
    if problems and not config.stash[SESSION].worker:
        raise pytest.UsageError(
            "\n".join(f"{n} tests cannot run here: {text}" for text, n in problems.items())
        )


def _wants_a_graph_without_a_gpu(config: pytest.Config) -> bool:
    option = config.getoption
    if option("--steps") != "graph" or option("--engine") != "here" or config.stash[SESSION].worker:
        return False
    return option("--device") == "cpu" or not _has_gpu()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Under xdist, where workers collect, each test that cannot run fails with the reason."""
    if problem := item.stash.get(PROBLEM, None):
        pytest.fail(problem, pytrace=False)


def tier_of(item: pytest.Item) -> str:
    """The test's tier, or an empty string for a test of the harness."""
    return next((tier for tier in TIERS if item.get_closest_marker(tier)), "")


def claim_of(item: pytest.Item) -> tuple[str, bool]:
    """The id of the test's claim, or an empty string; whether the test is a control."""
    for name in ("claim", "control"):
        if mark := item.get_closest_marker(name):
            return mark.args[0], name == "control"
    return "", False


def missing_here(item: pytest.Item) -> str:
    """What this machine lacks for the test, and the remedy; empty if nothing."""
    config = item.config
    if needs_gpu(item) and config.getoption("--engine") == "here" and not _has_gpu():
        return (
            f"the {tier_of(item)} tier needs a CUDA GPU, and PyTorch finds none;"
            " run it on a machine with one, or slowly with --device cpu"
        )
    root = data_root(config.getoption("--data-root"))
    for name in sorted({recipe.dataset for recipe in work_of(item)} | _datasets_of(item)):
        if dataset_spec(name).is_folder:
            from harness.plugin.photographs import photographs_missing

            if problem := photographs_missing(item, name, root):
                return problem
            continue
        if problem := _data_problem(name, root):
            return problem
    return ""


@cache
def _data_problem(name: str, root: Path) -> str:
    """What is missing or damaged, once for all tests: a quarter of a second for CIFAR-10."""
    try:
        verify(name, root)
    except DataError as error:
        return str(error)
    return ""


def needs_gpu(item: pytest.Item) -> bool:
    """Whether the test's tier asks for a GPU, and the session does not do without."""
    return tier_of(item) in ("gpu_full", "imagenet") and item.config.getoption("--device") != "cpu"


def _datasets_of(item: pytest.Item) -> set[str]:
    return {name for mark in item.iter_markers("needs_data") for name in mark.args}


@cache
def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def refuse(config: pytest.Config, item: pytest.Item, problem: str) -> None:
    """Stop the session; in a worker of xdist, whose errors are not shown, fail the test."""
    item.stash[PROBLEM] = problem
    if not config.stash[SESSION].worker:
        raise pytest.UsageError(problem)


def _marker_problem(config: pytest.Config, item: pytest.Item) -> str:
    """What is wrong with a test's markers, or an empty string."""
    tiers = [tier for tier in TIERS if item.get_closest_marker(tier)]
    roles = [role for role in ROLES if item.get_closest_marker(role)]
    if (roles or tiers) and len(tiers) != 1:
        return (
            f"{item.nodeid}: exactly one tier a test ({', '.join(TIERS)}),"
            f" but it has {', '.join(tiers) or 'none'}"
        )
    if tiers and not roles:
        return f"{item.nodeid}: mark it claim(id), control(id) or baseline(name)"
    try:
        if claim := claim_of(item)[0]:
            find(config.stash[SESSION].catalogue, claim)
        for name in _datasets_of(item):
            dataset_spec(name)
    except UnknownName as error:
        return f"{item.nodeid}: {error}"
    return ""


def _tier_was_chosen(config: pytest.Config) -> bool:
    """By ``-m`` with a tier's name, or by naming a test with its parameters."""
    words = set(re.findall(r"\w+", config.option.markexpr or ""))
    return bool(words & set(TIERS)) or any("[" in argument for argument in config.args)


def _names_tests(config: pytest.Config) -> bool:
    return any("::" in argument for argument in config.args)
