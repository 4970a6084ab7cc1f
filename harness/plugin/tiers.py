"""Tiers: exactly one a test; plain pytest takes the fast one; what cannot run here is an error."""

import re
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from harness.data.catalogue import data_root, dataset_spec, verify
from harness.data.photographs import photo_folder
from harness.errors import DataError, UnknownName
from harness.evidence.catalogue import find
from harness.plugin.experiments import TIERS, below_papers_size, work_of
from harness.plugin.options import SESSION, trains_nothing

PROBLEM = pytest.StashKey[str]()
"""Why a test must not run: it fails with this text."""
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
    "needs(**groups): recipes that the test needs trained or solved, by group",
    "needs_data(*names): datasets that the test reads beside those of its recipes",
    "custom(make): a check of claims/custom: make(model, tier) gives its recipes (--arch)",
    "measures(*recipes, bound=False): a check of claims/measures, on networks of these recipes or"
    " on the test's runs; with bound, also of measures that are given which labels are random",
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
    # xdist hands out tests one by one, the longest first: see harness.plugin.order.
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
            item.stash[PROBLEM] = problem
            # A worker of xdist does not show its errors: there the test fails with the problem.
            if not config.stash[SESSION].worker:
                raise pytest.UsageError(problem)
    if not _tier_was_chosen(config):
        chosen = [item for item in items if tier_of(item) in ("", "fast")]
        if not chosen and any("::" in argument for argument in config.args):
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


def tiers_asked_for(config: pytest.Config) -> list[str]:
    """The tiers of claims that ``-m`` selects, or that a test's name has: else the fast one.

    >>> tiers_asked_for(config)  # with -m "not gpu_full"
    ['fast', 'cpu_full', 'imagenet']
    """
    if not _tier_was_chosen(config):
        return ["fast"]
    selects = Expression.compile(config.option.markexpr or "True").evaluate
    named = [tier for tier in TIERS if any(f"[{tier}-" in it for it in map(str, config.args))]
    # No other role: with -m "fast and not control", claims are selected.
    others = {*TIERS, *ROLES} - {"claim"}
    return [
        tier
        for tier in named or TIERS
        if selects(lambda name, tier=tier, **_: name == tier or name not in others)
    ]


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
            problem = _photographs_missing(name, root, item)
        else:
            problem = _data_problem(name, root)
        if problem:
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


def _photographs_missing(name: str, root: Path, item: pytest.Item) -> str:
    """Why the test cannot run on the folder of photographs under ``root``; empty if it can.

    The paper's own size needs ImageNet itself; a scaled experiment any folder of enough
    photographs.
    """
    spec = dataset_spec(name)
    try:
        folder = photo_folder(root, spec.classes)
    except DataError as error:
        return str(error)
    recipes = [recipe for recipe in work_of(item) if recipe.dataset == name]
    there, classes = len(folder.train), len(folder.classes)
    whole = (there, classes) == (spec.train_size, spec.classes)
    if not whole and not below_papers_size(recipes):
        return (
            f"at the paper's size it needs all of {spec.title}: {spec.train_size:,} training"
            f" photographs of {spec.classes:,} classes, and {folder.root} holds {there:,} of"
            f" {classes:,}; what runs on a few photographs is chosen by -k photographs"
        )
    needed = max((recipe.train_size or 0) + recipe.validation_size for recipe in recipes)
    if needed > there:
        return f"it needs {needed:,} training photographs, and {folder.root} holds {there:,}"
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
    return bool(words & set(TIERS)) or any("[" in str(argument) for argument in config.args)
