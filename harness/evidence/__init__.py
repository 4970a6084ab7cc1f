"""Measurements, checks with their statistics, verdicts, and the records of them."""

from harness.evidence.attack import attack
from harness.evidence.checks import AtLeast, AtMost, Attains, Equals, Equivalent, MoreThan
from harness.evidence.curves import difference_in_steps, epochs_of_descent
from harness.evidence.exhibit import Exhibit
from harness.evidence.measurement import Measurement, accuracy, exact
from harness.evidence.published import Published, published_crossing, published_curve, published_row
from harness.evidence.replicates import correlation_with_signs, log_log_slope, mean_over
from harness.evidence.verdict import ClaimNotSupported, ControlNotRefuted

__all__ = [
    "AtLeast",
    "AtMost",
    "Attains",
    "ClaimNotSupported",
    "ControlNotRefuted",
    "Equals",
    "Equivalent",
    "Exhibit",
    "Measurement",
    "MoreThan",
    "Published",
    "accuracy",
    "attack",
    "correlation_with_signs",
    "difference_in_steps",
    "epochs_of_descent",
    "exact",
    "log_log_slope",
    "mean_over",
    "published_crossing",
    "published_curve",
    "published_row",
]
