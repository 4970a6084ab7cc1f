"""How far a measurement stays clear of failing, and how often a repetition would not.

Ratios and relative distances, which spread over orders of magnitude, have theirs in logarithms.
"""

import math

from harness.evidence.checks import PROVED
from harness.evidence.corruption import NORMAL_95
from harness.evidence.record import Evidence

MULTIPLICATIVE = ("times", "")
"""Units of ratios, norms, eigenvalues and relative distances, which are positive."""
SMALLEST = 2.0**-52
"""A relative distance below is rounding."""
WITHOUT_CHANCE = ("attains ", "equals ")
"""How the words of bounds begin that every run meets, or does not."""


def limit_of(record: Evidence) -> float | None:
    """The positive number to which a positive measurement is compared; None where it is not one."""
    if record.unit not in MULTIPLICATIVE:
        return None
    equals_zero, _, tolerance = record.bound_words.partition(" to ")
    limit = record.bound
    if equals_zero == "equals 0" and tolerance:
        limit = float(tolerance)
    elif not record.bound_words.startswith(("at most ", "at least ", "more than ")):
        return None
    return float(limit) if isinstance(limit, int | float) and limit > 0 else None


def log_slack(record: Evidence, limit: float) -> float | None:
    """How many times as large or as small the measurement could be, as a logarithm."""
    if record.slack is None:
        return None
    to_be_above = record.bound_words.startswith(("at least ", "more than "))
    to_be_supported = not record.control and record.expected
    if to_be_above == to_be_supported:
        return math.log(max(1 + record.slack / limit, SMALLEST))
    return -math.log(max(1 - record.slack / limit, SMALLEST))


def repetition_fails(record: Evidence) -> float | None:
    """How often a repetition would come out otherwise, were the truth what was measured.

    From the slack and the interval alone: the repetition's mean is normal, with the standard error
    that half the interval is 1.96 of (Student's intervals of few runs are wider: then it is more
    often), and so is the error of this one's. None where nothing is replicated or has a spread.
    """
    if record.bound_words.endswith(PROVED):
        return 0.0
    if record.replicated.startswith("nothing") or record.bound_words.startswith(WITHOUT_CHANCE):
        return None
    low, high = record.interval or (math.nan, math.nan)
    if record.slack is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    slack, limit = record.slack, limit_of(record)
    if limit is not None and low > 0:
        slack, low, high = log_slack(record, limit), math.log(low), math.log(high)
    error = (high - low) / 2 / NORMAL_95
    if slack is None or error <= 0:
        return None
    return math.erfc(slack / (math.sqrt(2) * error) / math.sqrt(2)) / 2
