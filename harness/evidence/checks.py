"""Checks: a measurement against a bound, decided by its interval, with the bound's source.

Each check is a small frozen dataclass: ``verdict(measurement)`` decides, ``str(check)`` says the
bound in words, ``bound`` is what the evidence records. A measurement that is not finite (a run
that diverged, or never got there) refutes every claim about it.
"""

from dataclasses import dataclass
from typing import Protocol

from harness.evidence.measurement import Measurement
from harness.evidence.statistics import DESIGN_EFFECT, equivalence_false_alarm
from harness.evidence.verdict import Verdict


class Check(Protocol):
    """What `judge` takes."""

    source: str

    def verdict(self, measured: Measurement) -> Verdict:
        """Supported, refuted or inconclusive."""

    def false_alarm(self, measured: Measurement) -> float | None:
        """How often the check fails although the claim holds; None where no chance is involved."""

    @property
    def bound(self) -> object:
        """The bound for JSON."""


@dataclass(frozen=True)
class _Bounded:
    """A bound, and where it comes from."""

    value: float
    source: str

    def false_alarm(self, measured: Measurement) -> float | None:
        """Not stated: it hangs on how far the truth lies from the bound."""
        return None

    @property
    def bound(self) -> object:
        """The bound."""
        return self.value


class Attains(_Bounded):
    """Every run reaches the bound itself: a fact about each run's whole training set.

    For accuracies of 1: one image misclassified refutes. The interval is shown, and does not
    decide; no finite sample could put all of it at 1.
    """

    def verdict(self, measured: Measurement) -> Verdict:
        """Supported where every value is at least the bound."""
        reached = measured.is_finite and min(measured.values) >= self.value
        return "supported" if reached else "refuted"

    def __str__(self) -> str:
        return f"attains {_digits(self.value)} in every run"


class AtLeast(_Bounded):
    """The interval lies at or above the bound."""

    def verdict(self, measured: Measurement) -> Verdict:
        """Inconclusive where the interval straddles the bound."""
        return _one_sided(measured, self.value, above=True)

    def __str__(self) -> str:
        return f"at least {_digits(self.value)}"


class MoreThan(_Bounded):
    """The whole interval lies above the bound; touching it decides nothing."""

    def verdict(self, measured: Measurement) -> Verdict:
        """Refuted where the whole interval lies below."""
        if not measured.is_finite:
            return "refuted"
        low, high = measured.interval
        if low > self.value:
            return "supported"
        return "refuted" if high < self.value else "inconclusive"

    def __str__(self) -> str:
        return f"more than {_digits(self.value)}"


class AtMost(_Bounded):
    """The interval lies at or below the bound."""

    def verdict(self, measured: Measurement) -> Verdict:
        """Inconclusive where the interval straddles the bound."""
        return _one_sided(measured, self.value, above=False)

    def __str__(self) -> str:
        return f"at most {_digits(self.value)}"


@dataclass(frozen=True)
class Equivalent:
    """The interval lies within ``value`` +- ``margin``: no better and no worse than chance, say."""

    value: float
    margin: float
    source: str

    def verdict(self, measured: Measurement) -> Verdict:
        """Refuted where the interval lies outside the margin, inconclusive where it straddles."""
        if not measured.is_finite:
            return "refuted"
        low, high = measured.interval
        if self.value - self.margin <= low and high <= self.value + self.margin:
            return "supported"
        if high < self.value - self.margin or low > self.value + self.margin:
            return "refuted"
        return "inconclusive"

    def false_alarm(self, measured: Measurement) -> float | None:
        """For accuracies: see `equivalence_false_alarm`."""
        if not measured.images:
            return None
        return equivalence_false_alarm(
            self.value, measured.images, len(measured.values), self.margin, DESIGN_EFFECT
        )

    @property
    def bound(self) -> object:
        """Both ends."""
        return [self.value - self.margin, self.value + self.margin]

    def __str__(self) -> str:
        return f"within {_digits(self.margin)} of {_digits(self.value)}"


@dataclass(frozen=True)
class Equals:
    """Every value equals the bound, up to ``tolerance``: rounding, its reason in ``source``."""

    value: float
    source: str
    tolerance: float = 0.0

    def verdict(self, measured: Measurement) -> Verdict:
        """Exact: never inconclusive."""
        off = max(abs(value - self.value) for value in measured.values)
        return "supported" if measured.is_finite and off <= self.tolerance else "refuted"

    def false_alarm(self, measured: Measurement) -> float | None:
        """No chance is involved."""
        return None

    @property
    def bound(self) -> object:
        """The value."""
        return self.value

    def __str__(self) -> str:
        return f"equals {_digits(self.value)}" + (
            f" to {self.tolerance:g}" if self.tolerance else ""
        )


def _digits(value: float) -> str:
    """A count to its last digit, anything else to six."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def _one_sided(measured: Measurement, bound: float, above: bool) -> Verdict:
    if not measured.is_finite:
        return "refuted"
    low, high = measured.interval if above else tuple(-end for end in reversed(measured.interval))
    bound = bound if above else -bound
    if low >= bound:
        return "supported"
    return "refuted" if high < bound else "inconclusive"
