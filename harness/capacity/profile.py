"""A network's capacity profile: how many random labels it memorises within a budget, how fast.

The budget is a number of steps of SGD, the same for every sample size: epochs would give small
samples fewer steps than large ones. That what memorises n images memorises fewer is supposed, and
not tried (the search is a bisection).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import CapacityError
from harness.runs.laboratory import Laboratory
from harness.runs.run import Run
from harness.training.own import OwnNetwork
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

START = 64
"""The first sample size; from there it is doubled, or halved."""
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
CONFIDENCE = 0.95

Interval = tuple[float, float]


@dataclass(frozen=True)
class Search:
    """What is asked of a network."""

    network: OwnNetwork
    dataset: str
    steps: int = 2_000
    """Of SGD at most: the budget."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each draws a sample, labels, initialisation and order."""
    resolution: float = 0.1
    """The search ends where what is not memorised is at most this share larger than what is."""
    most: int | None = None
    """Images at most; None for all of the training set."""
    levels: tuple[float, ...] = LEVELS
    """Of label corruption, at which the time to fit is taken."""

    def __post_init__(self) -> None:
        """Refuse what means nothing, naming the remedy."""
        images = dataset_spec(self.dataset).train_size
        for holds, words in (
            (self.steps >= 1, f"steps = {self.steps}, but it should be 1 or more"),
            (self.seeds, "no seed was given: give one or more, best three"),
            (
                0 < self.resolution <= 1,
                f"resolution = {self.resolution}, but it should be above 0 and at most 1",
            ),
            (
                self.most is None or 2 <= self.most <= images,
                f"images = {self.most}, but it should be from 2 to {images:,}, the training images"
                f" of {dataset_spec(self.dataset).title}",
            ),
            (
                all(0 <= level <= 1 for level in self.levels),
                f"levels = {self.levels}, but each should be a share in [0, 1]",
            ),
        ):
            if not holds:
                raise CapacityError(words)

    @property
    def images(self) -> int:
        """The largest sample."""
        return self.most or dataset_spec(self.dataset).train_size

    def recipe(self, n: int, seed: int, corruption: float = 1.0) -> Recipe:
        """A training on ``n`` images, to the fit or to the end of the budget."""
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
                # As the fast tier has it: where an epoch has few steps, 0.1 is too slow.
                batch_norm_momentum=0.5 if self.dataset == "digits" else 0.1,
            )
        )
        return replace(base, epochs=max(1, self.steps // base.steps_per_epoch))


@dataclass(frozen=True)
class Bracket:
    """What the search came to for one seed."""

    seed: int
    memorised: int
    """The largest sample of which every label was memorised; 0 if none was."""
    failed: int | None
    """The smallest larger sample that was not; None where all images were memorised."""


@dataclass(frozen=True)
class Time:
    """Steps and seconds to the first evaluation without an error, a value a seed."""

    n: int
    corruption: float
    steps: tuple[int | None, ...]
    """None where the budget ended first."""
    seconds: tuple[float, ...]
    test_accuracy: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """The geometric mean of the steps; None where a seed did not get there."""
        return None if None in self.steps else geometric_mean(self.steps)

    @property
    def interval(self) -> Interval | None:
        """Student's of the logarithms, over seeds; None for one seed, or where one did not fit."""
        if None in self.steps or len(self.steps) < 2:
            return None
        low, high = over_seeds([math.log(steps) for steps in self.steps])
        return math.exp(low), math.exp(high)


@dataclass(frozen=True)
class Profile:
    """All that was measured of one network."""

    search: Search
    brackets: tuple[Bracket, ...]
    over_n: tuple[Time, ...]
    """Random labels, at the sample sizes that all seeds tried."""
    over_corruption: tuple[Time, ...]
    at: int
    """The sample size of ``over_corruption``."""

    @property
    def memorised(self) -> float:
        """Geometric mean over seeds of the largest sample that was memorised."""
        if not all(it.memorised for it in self.brackets):
            return 0.0
        return geometric_mean([it.memorised for it in self.brackets])

    @property
    def is_all(self) -> bool:
        """Whether every seed memorised all the images that there are: a lower bound, then."""
        return all(it.failed is None for it in self.brackets)

    @property
    def interval(self) -> tuple[float, float | None]:
        """From Student's interval of the largest memorised to that of the smallest failed, in logs.

        Over seeds; with a single one, its bracket. The upper end is None where a seed memorised
        all images.
        """
        if not all(it.memorised for it in self.brackets):
            return 0.0, _end([it.failed for it in self.brackets], upper=True)
        low = _end([it.memorised for it in self.brackets], upper=False)
        return low or 0.0, _end([it.failed for it in self.brackets], upper=True)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        search, network = self.search, self.search.network
        low, high = self.interval
        return {
            "network": network.title,
            "model": network.model,
            "options": [list(pair) for pair in network.options],
            "departures": network.departures,
            "dataset": search.dataset,
            "images": search.images,
            "budget in steps": search.steps,
            "batch size": search.recipe(min(START, search.images), 0).batch_size,
            "learning rate": search.recipe(min(START, search.images), 0).learning_rate,
            "seeds": list(search.seeds),
            "resolution": search.resolution,
            "confidence": CONFIDENCE,
            "replicated": "seeds: sample, labels, initialisation, order",
            "memorised": round(self.memorised, 1),
            "memorised all images": self.is_all,
            "interval": [round(low, 1), None if high is None else round(high, 1)],
            "brackets": [
                {"seed": it.seed, "memorised": it.memorised, "failed": it.failed}
                for it in self.brackets
            ],
            "time over n": [_time(it) for it in self.over_n],
            "time over corruption": [_time(it) for it in self.over_corruption],
            "corruption at n": self.at,
        }


def geometric_mean(values: Sequence[float]) -> float:
    """Of numbers above 0."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def over_seeds(values: Sequence[float]) -> Interval:
    """Student's interval of the mean of two values or more."""
    from scipy.stats import sem, t

    mean, error = math.fsum(values) / len(values), float(sem(values))
    if error == 0:
        return mean, mean
    low, high = t.interval(CONFIDENCE, len(values) - 1, loc=mean, scale=error)
    return float(low), float(high)


def _end(values: Sequence[int | None], upper: bool) -> float | None:
    """An end of Student's interval of the values' logarithms, back on their scale."""
    if None in values:
        return None
    if len(values) < 2:
        return float(values[0])
    return math.exp(over_seeds([math.log(value) for value in values])[upper])


def _time(it: Time) -> dict[str, Any]:
    return {
        "n": it.n,
        "corruption": it.corruption,
        "steps": list(it.steps),
        "mean": it.mean,
        "interval": None if it.interval is None else list(it.interval),
        "seconds": [round(value, 3) for value in it.seconds],
        "test accuracy": list(it.test_accuracy),
    }


def profile(
    search: Search, laboratory: Laboratory, tell: Callable[[str], None] = lambda text: None
) -> Profile:
    """Measure it; finished runs are kept in the laboratory's store, so that it can be resumed."""
    tried: dict[tuple[int, int], Run] = {}

    def fits(n: int, seed: int) -> bool:
        return _fitted(tried[n, seed])

    def attempt(n: int, seeds: Iterable[int]) -> None:
        left = [seed for seed in seeds if (n, seed) not in tried]
        for seed, run in zip(
            left, laboratory.runs([search.recipe(n, it) for it in left]), strict=True
        ):
            tried[n, seed] = run
            steps = _steps(run)
            told = f"memorised in {steps:,} steps" if steps is not None else "not memorised"
            accuracy = f"{100 * run.train_accuracy:.2f} % of the labels"
            tell(f"n = {n:,}, seed {seed}: {told}, {accuracy}, {run.seconds:.1f} s")

    brackets = tuple(_bracket(search, seed, attempt, fits) for seed in search.seeds)
    common = sorted({n for n, _ in tried if all((n, seed) in tried for seed in search.seeds)})
    over_n = tuple(
        _timed(search, n, 1.0, [tried[n, seed] for seed in search.seeds]) for n in common
    )
    fitted = [it.n for it in over_n if it.mean is not None]
    if not fitted:
        return Profile(search, brackets, over_n, (), 0)
    at = max(fitted)
    over_corruption = []
    for level in search.levels:
        runs = laboratory.runs([search.recipe(at, seed, level) for seed in search.seeds])
        over_corruption.append(_timed(search, at, level, runs))
        mean = over_corruption[-1].mean
        told = f"fitted in {mean:,.0f} steps" if mean is not None else "not fitted by every seed"
        tell(f"n = {at:,}, {100 * level:.0f} % of the labels corrupted: {told}")
    return Profile(search, brackets, over_n, tuple(over_corruption), at)


def _bracket(
    search: Search,
    seed: int,
    attempt: Callable[[int, Iterable[int]], None],
    fits: Callable[[int, int], bool],
) -> Bracket:
    """Double while it fits, halve while it does not, then bisect."""

    def memorises(n: int, seeds: Iterable[int]) -> bool:
        attempt(n, seeds)
        return fits(n, seed)

    n = min(START, search.images)
    # Sizes that are powers of two are tried with all seeds, which may train as one job.
    if memorises(n, search.seeds):
        low, high = n, None
        while high is None and low < search.images:
            n = min(2 * low, search.images)
            low, high = (n, None) if memorises(n, search.seeds) else (low, n)
    else:
        low, high = 0, n
        while low == 0 and high > 2:
            n = high // 2
            low, high = (n, high) if memorises(n, search.seeds) else (0, n)
    if low == 0 or high is None:
        return Bracket(seed, low, high)
    while high > low + 1 and high > (1 + search.resolution) * low:
        middle = round(math.sqrt(low * high))
        middle = min(max(middle, low + 1), high - 1)
        low, high = (middle, high) if memorises(middle, [seed]) else (low, middle)
    return Bracket(seed, low, high)


def _timed(search: Search, n: int, corruption: float, runs: Sequence[Run]) -> Time:
    return Time(
        n,
        corruption,
        tuple(_steps(run) for run in runs),
        tuple(run.seconds for run in runs),
        tuple(run.test_accuracy for run in runs),
    )


def _fitted(run: Run) -> bool:
    return not run.diverged and run.outcome.epochs_to_fit is not None


def _steps(run: Run) -> int | None:
    """Steps until the first evaluation without an error."""
    return run.outcome.epochs_to_fit * run.recipe.steps_per_epoch if _fitted(run) else None
