"""The results of a capacity profile: brackets, times to fit, and their intervals over seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Any

from harness.capacity.profile_search import START, Search
from harness.evidence.statistics import CONFIDENCE, Interval, t_interval


@dataclass(frozen=True)
class Bracket:
    """The result of the search for one seed."""

    seed: int
    memorised: int
    """The largest sample that was memorised; 0 if none was."""
    failed: int | None
    """The smallest larger sample that was not; None if all images were memorised."""


@dataclass(frozen=True)
class Time:
    """Steps and seconds to the first evaluation without an error, a value a seed."""

    n: int
    corruption: float
    steps: tuple[int | None, ...]
    """None if the budget ended first."""
    seconds: tuple[float, ...]
    test_accuracy: tuple[float, ...]

    @property
    def _known(self) -> list[int]:
        return [steps for steps in self.steps if steps is not None]

    @property
    def mean(self) -> float | None:
        """The geometric mean of the steps; None if a seed did not fit."""
        known = self._known
        return geometric_mean(known) if len(known) == len(self.steps) else None

    @property
    def interval(self) -> Interval | None:
        """Student's, of the logarithms, over seeds; None for one seed, or if one did not fit."""
        known = self._known
        if len(known) < max(2, len(self.steps)):
            return None
        low, high = t_interval([math.log(steps) for steps in known])
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
        """Whether every seed memorised all images."""
        return all(it.failed is None for it in self.brackets)

    @property
    def is_lower_bound(self) -> bool:
        """Whether a seed memorised all images, and might memorise more."""
        return any(it.failed is None for it in self.brackets)

    @property
    def interval(self) -> tuple[float, float | None]:
        """From Student's interval of the largest memorised to that of the smallest failed, in logs.

        Over seeds; its bracket for a single one. The upper end is None if a seed memorised all.
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


def _end(values: Sequence[int | None], upper: bool) -> float | None:
    """An end of Student's interval of the values' logarithms, back on their scale."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    if len(known) < 2:
        return float(known[0])
    return math.exp(t_interval([math.log(value) for value in known])[upper])


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
