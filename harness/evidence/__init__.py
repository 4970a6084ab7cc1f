"""Measurements, checks with their statistics, verdicts, and the records of them."""

from harness.evidence.attack import attack
from harness.evidence.checks import AtLeast, AtMost, Attains, Equals, Equivalent, MoreThan
from harness.evidence.curves import difference_in_steps, epochs_of_descent
from harness.evidence.exhibit import Exhibit
from harness.evidence.measurement import Measurement, accuracy, exact, extreme
from harness.evidence.published import Published, published_crossing, published_curve, published_row
from harness.evidence.replicates import correlation_with_signs, log_log_slope, mean_over
from harness.evidence.solves import (
    error_on_the_same_images,
    error_ratio,
    figures_of,
    gain,
    share_of_errors,
    wrong_ratio,
)
from harness.evidence.statistics import margin_around
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
    "error_on_the_same_images",
    "error_ratio",
    "exact",
    "extreme",
    "figures_of",
    "gain",
    "log_log_slope",
    "margin_around",
    "mean_over",
    "published_crossing",
    "published_curve",
    "published_row",
    "share_of_errors",
    "wrong_ratio",
]
