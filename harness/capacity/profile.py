"""A network's capacity profile: how many random labels it memorises within a budget, how fast.

The budget is a number of SGD steps, the same for every sample size: epochs would give small samples
fewer steps. The search is a bisection: it assumes that a network that memorises n images memorises
fewer.
"""

import math
from collections.abc import Callable, Sequence

from harness.capacity.profile_results import Bracket, Profile, Time
from harness.capacity.profile_search import START, Search
from harness.runs.run import Run
from harness.runs.runner import Runner

Memorises = Callable[[int, int, Sequence[int]], bool]
"""``memorises(n, seed, seeds)``: whether a seed fits n random labels; trains all these seeds."""


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

    brackets = tuple(_bracket(search, seed, memorises) for seed in search.seeds)
    common = sorted({n for n, _ in tried if all((n, seed) in tried for seed in search.seeds)})
    over_n = tuple(
        _timed(search, n, 1.0, [tried[n, seed] for seed in search.seeds]) for n in common
    )
    at = max((it.n for it in over_n if it.mean is not None), default=0)
    over_corruption = []
    for level in search.levels if at else ():
        runs = runner.runs([search.recipe(at, seed, level) for seed in search.seeds])
        over_corruption.append(_timed(search, at, level, runs))
        mean = over_corruption[-1].mean
        found = f"fitted in {mean:,.0f} steps" if mean is not None else "not fitted by every seed"
        on_progress(f"n = {at:,}, {100 * level:.0f} % of the labels corrupted: {found}")
    return Profile(search, brackets, over_n, tuple(over_corruption), at)


def _bracket(search: Search, seed: int, memorises: Memorises) -> Bracket:
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
        return Bracket(seed, low, high)
    while high > low + 1 and high > (1 + search.resolution) * low:
        middle = round(math.sqrt(low * high))
        middle = search.sample(min(max(middle, low + 1), high - 1))
        if middle == low:  # One more image would be alone in a batch.
            middle += 2
        if middle >= high:
            break
        low, high = (middle, high) if memorises(middle, seed, [seed]) else (low, middle)
    return Bracket(seed, low, high)


def _timed(search: Search, n: int, corruption: float, runs: Sequence[Run]) -> Time:
    return Time(
        n,
        corruption,
        tuple(_steps(search, run) for run in runs),
        tuple(run.seconds for run in runs),
        tuple(run.test_accuracy for run in runs),
    )


def _steps(search: Search, run: Run) -> int | None:
    """Steps until the first evaluation without an error; None without one within the budget."""
    if run.diverged or run.outcome.epochs_to_fit is None:
        return None
    steps = run.outcome.epochs_to_fit * run.recipe.steps_per_epoch
    return steps if steps <= search.steps else None
