"""What a claim test needs trained or solved: named once, at the test, where collection sees it.

>>> @experiments(
...     fast={"mlp-3x512": [on_digits("mlp-3x512", "random-labels", seed) for seed in SEEDS]},
...     gpu_full={"mlp-3x512": [on_cifar10("mlp-3x512", "random-labels")]},
... )
... def test_random_labels_are_memorised(runs, judge):
...     judge(accuracy("training accuracy", runs.all, "train"), Attains(1.0, source="Section 2.1"))

>>> @pytest.mark.fast
... @pytest.mark.needs(wavelets=GABOR, pixels=PIXELS)
... def test_wavelets_lower_the_error_on_digits(runs, judge):
...     judge(error_ratio("...", runs["wavelets"], TRUE, runs["pixels"], TRUE), AtMost(...))

The scale of the evidence follows from the recipes: see `below_papers_size`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import pytest

from harness.data.catalogue import DATASETS
from harness.errors import HarnessError
from harness.evidence.record import ClaimNotSupported
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
"""Of a training at the paper's size: in fewer, CIFAR-10 does not show what the paper does."""

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe | SolveRecipe)
Groups = Mapping[str, Sequence[Recipe | SolveRecipe]]
"""Recipes by group: what a test compares has a group each, what it repeats stands in one."""
NOT_REPRODUCED = partial(pytest.mark.xfail, raises=ClaimNotSupported, strict=True)
NEEDED = pytest.StashKey[Groups]()


@dataclass(frozen=True)
class Experiment:
    """A tier, a label for the test's id, and the recipes of all groups."""

    tier: str
    label: str
    groups: Groups
    known: str = ""
    """Why the claim is known not to reproduce here: makes the test a strict expected failure."""

    @property
    def id(self) -> str:
        """As it stands in the test's name."""
        return f"{self.tier}-{self.label}"


def experiments(
    *,
    known: Mapping[str, str] | None = None,
    **by_tier: Mapping[str, Groups | Sequence[Recipe]],
) -> pytest.MarkDecorator:
    """Parametrise a test by experiments: ``fast={label: recipes}``, ``cpu_full={...}`` ...

    Recipes are a list, or lists by group. ``known`` gives the reason, in prose, for each experiment
    (TIER-LABEL) that does not reproduce. Raises HarnessError for an id that is none.
    """
    known = known or {}
    every = [
        Experiment(tier, label, recipes if isinstance(recipes, Mapping) else {"": recipes})
        for tier, labelled in by_tier.items()
        for label, recipes in labelled.items()
    ]
    if unknown := known.keys() - {it.id for it in every}:
        raise HarnessError(f"known = {sorted(unknown)} are no experiments of this test")
    return parametrized(replace(it, known=known.get(it.id, "")) for it in every)


def parametrized(every: Iterable[Experiment]) -> pytest.MarkDecorator:
    """The mark by which a test's ``runs`` are those of each experiment in turn."""
    params = [
        pytest.param(
            it,
            id=it.id,
            marks=[
                getattr(pytest.mark, it.tier),
                pytest.mark.needs(**it.groups),
                *([NOT_REPRODUCED(reason=it.known)] if it.known else []),
            ],
        )
        for it in every
    ]
    return pytest.mark.parametrize("runs", params, indirect=True)


def datasets(**by_tier: Sequence[str]) -> pytest.MarkDecorator:
    """Parametrise a test that computes by itself: ``fast=["digits"], cpu_full=["cifar10"]``."""
    return pytest.mark.parametrize(
        "dataset",
        [
            pytest.param(name, marks=[getattr(pytest.mark, tier), *_read(name)])
            for tier, names in by_tier.items()
            for name in names
        ],
    )


def _read(dataset: str) -> list[pytest.MarkDecorator]:
    spec = DATASETS.get(dataset)
    return [pytest.mark.needs_data(dataset)] if spec and not spec.embedded else []


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


def reseed(recipe: AnyRecipe, base_seed: int) -> AnyRecipe:
    """The recipe as a session trains it: two base seeds share no seed."""
    return replace(recipe, seed=base_seed * SEEDS_APART + recipe.seed) if base_seed else recipe


def groups_of(item: pytest.Item) -> dict[str, list[Any]]:
    """What a test needs in this session, by group; baselines fix their own seed."""
    if NEEDED not in item.stash:
        mark = item.get_closest_marker("needs")
        groups = mark.kwargs if mark else {}
        base_seed = item.config.getoption("--base-seed")
        if item.get_closest_marker("baseline"):
            base_seed = 0
        item.stash[NEEDED] = {
            group: [reseed(recipe, base_seed) for recipe in recipes]
            for group, recipes in groups.items()
        }
    return item.stash[NEEDED]


def work_of(item: pytest.Item) -> list[Recipe | SolveRecipe]:
    """All that a test takes from the store, or has trained or solved."""
    return [recipe for recipes in groups_of(item).values() for recipe in recipes]


def needed_after(item: pytest.Item) -> Iterator[list[Recipe | SolveRecipe]]:
    """What the later tests of the session need, test by test."""
    items = item.session.items
    return map(work_of, items[items.index(item) + 1 :])


@pytest.fixture
def base_seed(request: pytest.FixtureRequest) -> int:
    """The session's ``--base-seed``."""
    return request.config.getoption("--base-seed")


@pytest.fixture
def reseeded(base_seed: int) -> Any:
    """``reseeded(recipe)``: as this session has it, for recipes whose data a test computes on."""
    return lambda recipe: reseed(recipe, base_seed)
