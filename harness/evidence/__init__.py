"""Measurements, checks with their statistics, verdicts, and the records of them."""

from harness.evidence.checks import AtLeast, AtMost, Attains, Equals, Equivalent
from harness.evidence.measurement import Measurement, accuracy, difference_in_steps, exact
from harness.evidence.published import Published, published_crossing, published_curve, published_row
from harness.evidence.verdict import ClaimNotSupported, ControlNotRefuted

__all__ = [
    "AtLeast",
    "AtMost",
    "Attains",
    "ClaimNotSupported",
    "ControlNotRefuted",
    "Equals",
    "Equivalent",
    "Measurement",
    "Published",
    "accuracy",
    "difference_in_steps",
    "exact",
    "published_crossing",
    "published_curve",
    "published_row",
]
