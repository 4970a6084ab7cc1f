"""A network's capacity profile: how many random labels it memorises within a budget, how fast.

The budget is a number of SGD steps, the same for every sample size: epochs would give small samples
fewer steps. The search is a bisection: it assumes that a network that memorises n images memorises
fewer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, geometric_mean

from harness.data.catalogue import dataset_spec
from harness.evidence.statistics import t_interval
from harness.runs.run import Run
from harness.runs.runner import Runner
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

START = 64
"""The first sample size; from there it is doubled, or halved."""
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)

Memorises = Callable[[int, int, Sequence[int]], bool]
"""``memorises(n, seed, seeds)``: whether a seed fits n random labels; trains all these seeds."""


@dataclass(frozen=True)
class Search:
    """A network, its data, and the options of the search."""

    network: CustomNetwork
    dataset: str
    steps: int = 2_000
    """The budget, in SGD steps."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each draws a sample, labels, initialisation and order."""
    resolution: float = 0.1
    """The search ends with a bracket whose ends differ by at most this share."""
    most: int | None = None
    """Images at most; None for all of the training set."""

    @property
    def images(self) -> int:
        """The largest sample."""
        return self.sample(self.most or dataset_spec(self.dataset).train_size)

    def sample(self, n: int) -> int:
        """``n``, or one fewer if an epoch would end with one image, which BatchNorm refuses."""
        recipe = self.recipe(n, 0)
        return n - 1 if n > 2 and recipe.ends_with_one_image and recipe.batch_size > 1 else n

    def recipe(self, n: int, seed: int, corruption: float = 1.0) -> Recipe:
        """A training on ``n`` images, to the fit or to the end of the budget.

        At least one epoch, even if it exceeds the budget: `profile` counts the steps.
        """
        base = self.network.recipe(
            paper_recipe(
                self.network.model,
                self.dataset,
                "true-labels",
                label_corruption=corruption,
                train_size=n,
                seed=seed,
                stop_at_zero_error=True,
                evaluation="once nearly fitted",
                # As in the fast tier: 0.1 is too slow for epochs of few steps.
                batch_norm_momentum=0.5 if self.dataset == "digits" else 0.1,
            )
        )
        return replace(base, epochs=max(1, self.steps // base.steps_per_epoch))


@dataclass(frozen=True)
class Time:
    """Steps to the first evaluation without an error, a value a seed."""

    n: int
    corruption: float
    steps: tuple[int | None, ...]
    """None if the budget ended first."""
    seconds: float
    test_accuracy: float
    """Means over seeds."""


@dataclass(frozen=True)
class Profile:
    """All that was measured of one network."""

    network: str
    departures: list[str]
    dataset: str
    images: int
    budget: int
    memorised: tuple[int, ...]
    """For each seed the largest sample that was memorised; 0 if none was."""
    failed: tuple[int | None, ...]
    """The smallest larger sample that was not; None if all images were memorised."""
    over_n: tuple[Time, ...]
    """Random labels, at the sample sizes that all seeds tried."""
    over_corruption: tuple[Time, ...]
    """At the largest of them that all seeds fitted."""

    @property
    def capacity(self) -> tuple[float, float, float]:
        """The largest memorised sample and its ends: of the largest memorised, the smallest failed.

        Infinite where a seed memorised all images; zeros where one memorised none.
        """
        mean, low, _ = in_logs(self.memorised) or (0.0, 0.0, 0.0)
        _, _, high = in_logs(self.failed) or (0.0, 0.0, math.inf)
        return mean, low, high


def in_logs(values: Sequence[int | None]) -> tuple[float, float, float] | None:
    """The geometric mean and Student's interval of the logarithms; None where a value is none or 0.

    A single value is its own interval.
    """
    known = [value for value in values if value]
    if len(known) < len(values):
        return None
    mean = geometric_mean(known)
    if len(known) == 1:
        return mean, mean, mean
    low, high = t_interval([math.log(value) for value in known])
    return mean, math.exp(low), math.exp(high)


def profile(
    search: Search, runner: Runner, on_progress: Callable[[str], None] = lambda text: None
) -> Profile:
    """Measure it; finished runs are kept in the runner's store, so that it can be resumed."""
    tried: dict[tuple[int, int], Run] = {}

    def memorises(n: int, seed: int, seeds: Sequence[int]) -> bool:
        left = [it for it in seeds if (n, it) not in tried]
        for its, run in zip(left, runner.runs([search.recipe(n, it) for it in left]), strict=True):
            tried[n, its] = run
            steps = _steps(search, run)
            found = f"memorised in {steps:,} steps" if steps is not None else "not memorised"
            accuracy = f"{100 * run.train_accuracy:.2f} % of the labels"
            on_progress(f"n = {n:,}, seed {its}: {found}, {accuracy}, {run.seconds:.1f} s")
        return _steps(search, tried[n, seed]) is not None

    memorised, failed = zip(*(_bracket(search, it, memorises) for it in search.seeds), strict=True)
    common = sorted({n for n, _ in tried if all((n, seed) in tried for seed in search.seeds)})
    over_n = [_timed(search, n, 1.0, [tried[n, seed] for seed in search.seeds]) for n in common]
    over_corruption = []
    if fitted := [it.n for it in over_n if None not in it.steps]:
        for level in LEVELS:
            runs = runner.runs([search.recipe(max(fitted), seed, level) for seed in search.seeds])
            over_corruption.append(_timed(search, max(fitted), level, runs))
            steps = over_corruption[-1].steps
            on_progress(f"n = {max(fitted):,}, {100 * level:.0f} % corrupted: steps {steps}")
    return Profile(
        search.network.title,
        search.network.departures,
        search.dataset,
        search.images,
        search.steps,
        memorised,
        failed,
        tuple(over_n),
        tuple(over_corruption),
    )


def _bracket(search: Search, seed: int, memorises: Memorises) -> tuple[int, int | None]:
    """Double the sample until it is not memorised, or halve it until it is, then bisect."""
    # Powers of two are tried with all seeds, which may train as one job.
    n = search.sample(min(START, search.images))
    if memorises(n, seed, search.seeds):
        low, high = n, None
        while high is None and low < search.images:
            n = search.sample(min(2 * low, search.images))
            low, high = (n, None) if memorises(n, seed, search.seeds) else (low, n)
    else:
        low, high = 0, n
        while low == 0 and high > 2:
            n = max(2, search.sample(high // 2))
            low, high = (n, high) if memorises(n, seed, search.seeds) else (0, n)
    if low == 0 or high is None:
        return low, high
    while high > low + 1 and high > (1 + search.resolution) * low:
        middle = round(math.sqrt(low * high))
        middle = search.sample(min(max(middle, low + 1), high - 1))
        if middle == low:  # One more image would be alone in a batch.
            middle += 2
        if middle >= high:
            break
        low, high = (middle, high) if memorises(middle, seed, [seed]) else (low, middle)
    return low, high


def _timed(search: Search, n: int, corruption: float, runs: Sequence[Run]) -> Time:
    steps = tuple(_steps(search, run) for run in runs)
    accuracy = fmean(run.test_accuracy for run in runs)
    return Time(n, corruption, steps, fmean(run.seconds for run in runs), accuracy)


def _steps(search: Search, run: Run) -> int | None:
    """Steps until the first evaluation without an error; None without one within the budget."""
    if run.diverged or run.outcome.epochs_to_fit is None:
        return None
    steps = run.outcome.epochs_to_fit * run.recipe.steps_per_epoch
    return steps if steps <= search.steps else None
