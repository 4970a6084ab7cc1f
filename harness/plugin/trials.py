"""What a claim test trains: recipes that collection can see, at the tier that they need.

>>> @trials(Trial("fast", "mlp-3x512", "scaled", {"random labels": recipes}))
... def test_random_labels_are_memorised(trial, laboratory, judge): ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import pytest

from harness.errors import HarnessError
from harness.evidence.verdict import ClaimNotSupported
from harness.linear.recipe import ConvNetRecipe, SolveRecipe
from harness.training.recipe import Recipe

TIERS = ("fast", "cpu_full", "gpu_full", "imagenet")
SEEDS_APART = 1_000
PAPER_DATA = ("cifar10", "imagenet")
PAPER_SOLVES = ("mnist", "cifar10")
PAPER_FILTERS = 32_000
"""Table 3's random convolutional network."""
PAPER_CROP = 28
FEWEST_EPOCHS = 20
"""Of a training at the paper's size; fewer, on all of CIFAR-10, show what the paper does not."""
FINISHED = pytest.StashKey[dict[str, Recipe | SolveRecipe]]()
"""Of a test: the recipes of the runs and solves that it was given, by their keys."""
AnyRecipe = TypeVar("AnyRecipe", Recipe, SolveRecipe)
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Trial:
    """Recipes by group, seeds within a group, and the tier and scale at which they speak."""

    tier: Literal["fast", "cpu_full", "gpu_full", "imagenet"]
    label: str
    scale: Literal["exact", "paper", "scaled"]
    recipes: Mapping[str, Sequence[Recipe]]
    finding: str = ""
    """Why the claim is known not to reproduce here: makes the test a strict expected failure."""
    network: str = ""
    """The title of somebody's own network that the trial is of, in place of the paper's."""

    def __post_init__(self) -> None:
        """Refuse scaled evidence that would count as the paper's own."""
        if self.scale != "scaled" and (small := below_papers_size(self.all_recipes)):
            raise HarnessError(
                f"the trial {self.label!r} has scale = {self.scale!r}, but {small[0]} for"
                f" {small[0].epochs} epochs is not of the paper's size: take 'scaled'"
            )

    @property
    def all_recipes(self) -> list[Recipe]:
        """In the order in which they were written."""
        return [recipe for group in self.recipes.values() for recipe in group]


def below_papers_size(recipes: Iterable[AnyRecipe]) -> list[AnyRecipe]:
    """Those of fewer images, epochs or filters than the paper's, or on another dataset."""
    return [it for it in recipes if it.train_size is not None or _is_smaller(it)]


def _is_smaller(recipe: Recipe | SolveRecipe) -> bool:
    if isinstance(recipe, Recipe):
        return (
            recipe.dataset not in PAPER_DATA
            or recipe.image_size is not None
            or recipe.crop < PAPER_CROP
            or recipe.epochs < FEWEST_EPOCHS
        )
    few_filters = isinstance(recipe, ConvNetRecipe) and max(recipe.filters) < PAPER_FILTERS
    return recipe.dataset not in PAPER_SOLVES or recipe.held_out > 0 or few_filters


def trials(
    *every: Trial, own: Callable[[str], Sequence[Trial]] | None = None
) -> Callable[[Function], Function]:
    """Parametrise a test by ``trial``, each marked with its tier and its recipes.

    ``own`` makes the trials of a network, by its name, that somebody puts in the place of the
    paper's (``--arch``); a test without it is not for networks of one's own.
    """
    marks = [pytest.mark.parametrize("trial", parameters(every))]
    if own is not None:
        marks.append(pytest.mark.own_network.with_args(own))

    def marked(function: Function) -> Function:
        for mark in marks:
            function = mark(function)
        return function

    return marked


def with_findings(every: Iterable[Trial], findings: Mapping[str, str]) -> list[Trial]:
    """The trials, those at the paper's size with the finding that stands under their label.

    One recipe at two tiers is one run, and what it comes to is expected of both.
    """
    return [
        replace(trial, finding=findings.get(trial.label, "") if trial.scale == "paper" else "")
        for trial in every
    ]


def parameters(every: Iterable[Trial]) -> list[Any]:
    """The trials as parameters of a test."""
    return [
        pytest.param(
            trial,
            id=f"{trial.tier}-{trial.label}",
            marks=[
                getattr(pytest.mark, trial.tier),
                pytest.mark.trains(*trial.all_recipes),
                *_expected_failure(trial.finding),
            ],
        )
        for trial in every
    ]


def network_of(item: pytest.Item) -> str:
    """The network of somebody's own that a test is about; empty for a test of the paper's."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    trial = params.get("trial")
    return trial.network if isinstance(trial, Trial) else ""


def _expected_failure(finding: str) -> list[pytest.MarkDecorator]:
    if not finding:
        return []
    return [pytest.mark.xfail(raises=ClaimNotSupported, strict=True, reason=finding)]


def reseed(recipe: AnyRecipe, base_seed: int) -> AnyRecipe:
    """The recipe as this session trains it: other base seeds share no seed."""
    return replace(recipe, seed=base_seed * SEEDS_APART + recipe.seed)


def given(item: pytest.Item, runs: Iterable[Any]) -> None:
    """Keep of which recipe each run or solve is that a test gets."""
    item.stash.setdefault(FINISHED, {}).update({run.key: run.recipe for run in runs})


def recipes_of(item: pytest.Item) -> list[Recipe]:
    """What a test trains in this session; baselines fix their own seed."""
    written = [recipe for mark in item.iter_markers("trains") for recipe in mark.args]
    if item.get_closest_marker("baseline"):
        return written
    base_seed = item.config.getoption("--base-seed")
    return [reseed(recipe, base_seed) for recipe in written]


def solves_of(item: pytest.Item) -> list[SolveRecipe]:
    """The linear systems that a test solves in this session."""
    base_seed = item.config.getoption("--base-seed")
    written = [recipe for mark in item.iter_markers("solves") for recipe in mark.args]
    return [reseed(recipe, base_seed) for recipe in written]


def work_of(item: pytest.Item) -> list[Recipe | SolveRecipe]:
    """All that a test takes from the store, or has made."""
    return [*recipes_of(item), *solves_of(item)]
