"""Measurements, checks with their statistics, verdicts, and the records of them.

What the claims use is imported from here.
"""
# ruff: noqa: F401

from harness.evidence.checks import (
    AtLeast,
    AtMost,
    Attains,
    Equals,
    Equivalent,
    MoreThan,
    ProvedAtMost,
    Requires,
)
from harness.evidence.corruption import (
    accuracy_as_drawn,
    corruption_cost,
    epochs_near,
    epochs_to_converge,
    epochs_to_fit,
    error_as_drawn,
    slowdown,
    slowdown_over,
    trend,
)
from harness.evidence.counterexamples import extreme, find_counterexample
from harness.evidence.curves import difference_in_steps, epochs_of_descent
from harness.evidence.measurement import Measurement, accuracy, exact, pooled_accuracy
from harness.evidence.published import Published, published_row
from harness.evidence.published_figures import (
    published_at,
    published_crossing,
    published_epochs_at,
    published_gain_of_early_stopping,
    published_roughness,
    unevenness,
)
from harness.evidence.record import ClaimNotSupported, ControlNotRefuted, FigureData
from harness.evidence.regularization import (
    difference_in_accuracy,
    difference_in_loss,
    gain_of_early_stopping,
    online_accuracy,
    roughness_of,
    roughness_ratio,
    spread_between_and_within,
)
from harness.evidence.replicates import correlation_with_signs, exponent, log_log_slope, mean_over
from harness.evidence.solves import (
    error_on_the_same_images,
    error_ratio,
    share_of_errors,
    wrong_ratio,
)
from harness.evidence.statistics import margin_around
from harness.evidence.tolerances import nearest, no_higher, no_lower, reproduced, tolerance
from harness.runs.pairs import paired
