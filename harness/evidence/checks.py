"""Checks: a measurement against a bound, decided by its interval, with the bound's source.

Evidence keeps a check as data, its `as_dict`; `harness.evidence.formatting` puts that into words.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.evidence.measurement import Measurement
from harness.evidence.statistics import equivalence_false_alarm
from harness.evidence.verdict import Verdict

Slack = tuple[float, float]
"""How far a measurement could move, in its unit, before it no longer supports the claim, and before
it no longer refutes it; negative where it does not."""


class Check:
    """What `judge` takes; each kind is a frozen dataclass of its numbers and their source."""

    kind: ClassVar[str]
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
