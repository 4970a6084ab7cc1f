"""Checks: a measurement against a bound, decided by its interval, with the bound's source.

Evidence keeps a check as data, its `as_dict`; `harness.evidence.formatting` puts that into words.

A check's `resolution` is the smallest departure that it refutes in 19 of 20 repetitions, counted
from the bound, for an equivalence from its value, in the measurement's unit. A repetition is taken
to vary as the one that was seen: by its images where there is one run (times the design effect, see
`Measurement.design`), by the spread of the runs where there are several.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from scipy.special import betaincinv, ndtri, stdtrit

from harness.errors import HarnessError
from harness.evidence.measurement import Measurement
from harness.evidence.record import Verdict
from harness.evidence.statistics import (
    QUANTILE,
    clopper_pearson,
    equivalence_false_alarm,
    kendall_half_width,
)

Slack = tuple[float, float]
"""How far a measurement could move, in its unit, before it no longer supports the claim, and before
it no longer refutes it; negative where it does not."""


class Check:
    """What `judge` takes; each kind is a frozen dataclass of its numbers and their source."""

    kind: ClassVar[str]
    value: float
    source: str

    def slack(self, measured: Measurement) -> Slack:
        """How far the measurement lies on the claim's side of the bound, and on the other side."""
        raise NotImplementedError

    def verdict(self, measured: Measurement) -> Verdict:
        """Supported or refuted with slack on that side, inconclusive in between.

        A measurement that is not finite (a run diverged, or never got there) refutes the claim.
        """
        if not measured.is_finite:
            return "refuted"
        supported, refuted = self.slack(measured)
        if supported >= 0:
            return "supported"
        return "refuted" if refuted > 0 else "inconclusive"

    def false_alarm(self, measured: Measurement) -> float | None:
        """How often the check fails although the claim holds; None where that cannot be stated."""
        return None

    def as_dict(self) -> dict[str, Any]:
        """The kind and the numbers, for JSON."""
        return {"kind": self.kind} | {
            name: it for name, it in vars(self).items() if name != "source"
        }


@dataclass(frozen=True)
class _Bounded(Check):
    value: float
    source: str


class Attains(_Bounded):
    """Every run reaches the bound itself: a fact about each run's whole training set.

    For accuracies of 1: one misclassified image refutes. The interval is shown, and does not
    decide; no finite sample could put all of it at 1.
    """

    kind = "attains"

    def slack(self, measured: Measurement) -> Slack:
        """Of the worst run: never inconclusive."""
        over = min(measured.values) - self.value
        return over, -over


class Requires(Attains):
    """What a claim requires of every run: where one falls short, the claim is not decided."""

    kind = "requires"

    def verdict(self, measured: Measurement) -> Verdict:
        """Never refuted: the claim says nothing about such a run."""
        return "supported" if super().verdict(measured) == "supported" else "inconclusive"


class AtLeast(_Bounded):
    """The interval lies at or above the bound; inconclusive where it straddles it."""

    kind = "at_least"

    def slack(self, measured: Measurement) -> Slack:
        """Of the interval's ends."""
        low, high = measured.interval
        return low - self.value, self.value - high


class MoreThan(AtLeast):
    """The whole interval lies above the bound; inconclusive where it touches it."""

    kind = "more_than"

    def verdict(self, measured: Measurement) -> Verdict:
        """Refuted where the whole interval lies below."""
        touches = measured.is_finite and self.slack(measured)[0] == 0
        return "inconclusive" if touches else super().verdict(measured)


class AtMost(_Bounded):
    """The interval lies at or below the bound; inconclusive where it straddles it."""

    kind = "at_most"

    def slack(self, measured: Measurement) -> Slack:
        """Of the interval's ends."""
        low, high = measured.interval
        return self.value - high, low - self.value


class ProvedAtMost(AtMost):
    """At most a bound that a theorem puts on every draw: what exceeds it is a fault, not chance."""

    kind = "proved_at_most"

    def false_alarm(self, measured: Measurement) -> float:
        """Zero, however close a draw comes."""
        return 0.0


@dataclass(frozen=True)
class Equivalent(Check):
    """The interval lies within ``value`` +- ``margin``: no better and no worse than chance, say.

    Refuted where all of it lies outside the margin, inconclusive where it straddles an end.
    """

    value: float
    margin: float
    source: str
    kind = "equivalent"

    def slack(self, measured: Measurement) -> Slack:
        """Towards the nearer end of the margin."""
        low, high = measured.interval
        least, most = self.value - self.margin, self.value + self.margin
        return min(low - least, most - high), max(least - high, low - most)

    def false_alarm(self, measured: Measurement) -> float | None:
        """For accuracies: see `equivalence_false_alarm`."""
        if not measured.images:
            return None
        runs, images = len(measured.values), measured.images
        if math.isinf(measured.freedom):  # One interval for the images of all.
            runs, images = 1, images * runs
        return equivalence_false_alarm(self.value, images, runs, self.margin, measured.design)


@dataclass(frozen=True)
class Equals(Check):
    """Every value equals the bound, up to ``tolerance``: rounding, its reason in ``source``."""

    value: float
    source: str
    tolerance: float = 0.0
    kind = "equals"

    def slack(self, measured: Measurement) -> Slack:
        """Of the value that is furthest off: never inconclusive."""
        within = self.tolerance - max(abs(value - self.value) for value in measured.values)
        return within, -within


NOTICED = 0.95
"""Nineteen of twenty repetitions."""
TAU = "Kendall's tau"
SCALES: dict[str, tuple[float, float, Callable[[float], float], Callable[[float], float]]] = {
    "times": (0.0, math.inf, math.log, math.exp),
    TAU: (-1.0, 1.0, math.atanh, math.tanh),
    "tau": (-1.0, 1.0, math.atanh, math.tanh),
}
"""By unit: between which ends there is a scale on which intervals are as wide wherever they lie, to
that scale, and back."""


def has_chance(check: Check, measured: Measurement) -> bool:
    """Whether another repetition would give another value, and the check could miss a departure."""
    all_or_none = isinstance(check, Attains) and check.value == 1
    if all_or_none or (isinstance(check, Equals) and not check.tolerance):
        return False
    return measured.replicated.partition(":")[0] not in ("", "nothing")


def departure(check: Check, otherwise: float) -> float:
    """From a check's bound to what would be measured if the claim were false.

    Raises HarnessError where the check would support the claim at that value.
    """
    beyond = otherwise - check.value
    if isinstance(check, Equals | Equivalent):
        beyond = abs(beyond) - getattr(check, "margin", 0.0)
    elif not isinstance(check, AtMost):
        beyond = -beyond
    if beyond < 0:
        raise HarnessError(
            f"a value of {otherwise:g} is no sign of a false claim: {check} holds for it"
        )
    return abs(otherwise - check.value)


def resolution(check: Check, measured: Measurement) -> float | None:
    """The departure in the measurement's unit; None where nothing is left to chance, or unknown.

    That all images are fitted is seen to one image, an exact equality to its tolerance.
    """
    if isinstance(check, Attains) and (check.value == 1 or not measured.images):
        return 1 / measured.images if measured.images else None
    low, high = measured.interval
    tolerance = check.tolerance if isinstance(check, Equals) else 0.0
    if not has_chance(check, measured) or not measured.is_finite or not 0 < high - low < math.inf:
        return tolerance or None
    if isinstance(check, Equals | Attains):  # Decided by values, which vary as it says.
        factor = _power_factor(measured.freedom, measured.design) - 1
        return tolerance + factor * (high - low) / 2
    if isinstance(check, Equivalent):
        least, most = check.value - check.margin, check.value + check.margin
        above, below = _beyond(measured, most, above=True), _beyond(measured, least, above=False)
        return check.margin + max(above, below)
    return _beyond(measured, check.value, above=isinstance(check, AtMost))


def _beyond(measured: Measurement, bound: float, above: bool) -> float:
    """How far beyond a bound the truth must lie for the whole interval to lie there."""
    if not measured.images or measured.unit != "share":
        return _from_half_width(measured, bound, above)
    images = _from_images(measured, bound if above else 1 - bound)
    runs = _from_half_width(measured, bound, above) if len(measured.values) > 1 else 0.0
    return max(images, runs)


def _from_images(measured: Measurement, bound: float) -> float:
    """For the binomial interval of a share that is too high: exact, but for the design effect.

    The share whose lower end is above the bound in just 95 % of repetitions is itself a quantile
    of the beta distribution.
    """
    total = measured.images * len(measured.values)
    counts = range(1, total + 1)
    # The fewest correct whose interval lies above the bound.
    fewest = 1 + bisect_right(counts, bound, key=lambda it: clopper_pearson(it, total)[0])
    if fewest > total:
        return 1 - bound
    design = measured.design if math.isinf(measured.freedom) else 1.0
    effective = (fewest / design, (total - fewest + 1) / design)
    return float(betaincinv(*effective, NOTICED)) - bound


def _from_half_width(measured: Measurement, bound: float, above: bool) -> float:
    """From the interval's width on the side of the bound, the quantile and the spread behind it."""
    low, high = measured.interval
    half = measured.mean - low if above else high - measured.mean
    factor = _power_factor(measured.freedom, measured.design) * (1 if above else -1)
    smallest, largest, to, back = SCALES.get(measured.unit, (math.inf, math.inf, float, float))
    if measured.unit == TAU and measured.images:
        half = kendall_half_width(measured.images)
    elif min(low, bound) > smallest and max(high, bound) < largest:
        half = (to(high) - to(low)) / 2
    else:
        return abs((half or high - low) * factor)
    return abs(back(to(bound) + half * factor) - bound)


@cache
def _power_factor(freedom: float, design: float) -> float:
    """The departure over half the width of the interval: by the noncentral t distribution."""
    from scipy.optimize import brentq
    from scipy.stats import nct

    if math.isinf(freedom):
        normal = float(ndtri(QUANTILE))
        return 1 + float(ndtri(NOTICED)) * math.sqrt(design) / normal
    quantile = float(stdtrit(freedom, QUANTILE))
    shift = brentq(lambda it: nct.sf(quantile, freedom, it) - NOTICED, 0, 10 * quantile)
    return float(shift) / quantile
