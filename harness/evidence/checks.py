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

PROVED = ", as is proved"
"""How the words of a bound end that a theorem puts on every draw."""

Slack = tuple[float, float]
"""How far a measurement could move, in its unit, before it no longer supports the claim, and before
it no longer refutes it; negative where it does not."""


class Check(Protocol):
    """What `judge` takes."""

    source: str

    def verdict(self, measured: Measurement) -> Verdict:
        """Supported, refuted or inconclusive."""

    def slack(self, measured: Measurement) -> Slack:
        """By how much the measurement lies on the claim's side of the bound, and on the other."""

    def false_alarm(self, measured: Measurement) -> float | None:
        """How often the check fails although the claim holds; None where no chance is involved."""

    @property
    def bound(self) -> object:
        """The bound for JSON."""


class _Decided:
    """A verdict from the slack on both sides of a bound."""

    def slack(self, measured: Measurement) -> Slack:
        """In the measurement's unit; see `Slack`."""
        raise NotImplementedError

    def verdict(self, measured: Measurement) -> Verdict:
        """Supported or refuted with slack on that side, inconclusive in between."""
        if not measured.is_finite:
            return "refuted"
        supported, refuted = self.slack(measured)
        if supported >= 0:
            return "supported"
        return "refuted" if refuted > 0 else "inconclusive"


@dataclass(frozen=True)
class _Bounded(_Decided):
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

    def slack(self, measured: Measurement) -> Slack:
        """Of the worst run: never inconclusive."""
        over = min(measured.values) - self.value
        return over, -over

    def __str__(self) -> str:
        return f"attains {_digits(self.value)} in every run"


class Requires(Attains):
    """What a claim supposes of every run: where one falls short, the claim is not decided."""

    def verdict(self, measured: Measurement) -> Verdict:
        """Never refuted: the claim says nothing of such a run."""
        return "supported" if super().verdict(measured) == "supported" else "inconclusive"

    def __str__(self) -> str:
        return f"{super().__str__()}, as the claim supposes"


class AtLeast(_Bounded):
    """The interval lies at or above the bound; inconclusive where it straddles it."""

    def slack(self, measured: Measurement) -> Slack:
        """Of the interval's ends."""
        low, high = measured.interval
        return low - self.value, self.value - high

    def __str__(self) -> str:
        return f"at least {_digits(self.value)}"


class MoreThan(AtLeast):
    """The whole interval lies above the bound; touching it decides nothing."""

    def verdict(self, measured: Measurement) -> Verdict:
        """Refuted where the whole interval lies below."""
        touches = measured.is_finite and self.slack(measured)[0] == 0
        return "inconclusive" if touches else super().verdict(measured)

    def __str__(self) -> str:
        return f"more than {_digits(self.value)}"


class AtMost(_Bounded):
    """The interval lies at or below the bound; inconclusive where it straddles it."""

    def slack(self, measured: Measurement) -> Slack:
        """Of the interval's ends."""
        low, high = measured.interval
        return self.value - high, low - self.value

    def __str__(self) -> str:
        return f"at most {_digits(self.value)}"


class ProvedAtMost(AtMost):
    """At most a bound that a theorem puts on every draw: what exceeds it is a fault, not chance."""

    def false_alarm(self, measured: Measurement) -> float:
        """None, however close a draw comes."""
        return 0.0

    def __str__(self) -> str:
        return f"{super().__str__()}{PROVED}"


@dataclass(frozen=True)
class Equivalent(_Decided):
    """The interval lies within ``value`` +- ``margin``: no better and no worse than chance, say.

    Refuted where all of it lies outside the margin, inconclusive where it straddles an end.
    """

    value: float
    margin: float
    source: str

    def slack(self, measured: Measurement) -> Slack:
        """Towards the nearer end of the margin."""
        low, high = measured.interval
        least, most = self.value - self.margin, self.value + self.margin
        return min(low - least, most - high), max(least - high, low - most)

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
class Equals(_Decided):
    """Every value equals the bound, up to ``tolerance``: rounding, its reason in ``source``."""

    value: float
    source: str
    tolerance: float = 0.0

    def slack(self, measured: Measurement) -> Slack:
        """Of the value that is furthest off: never inconclusive."""
        within = self.tolerance - max(abs(value - self.value) for value in measured.values)
        return within, -within

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
