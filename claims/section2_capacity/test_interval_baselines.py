"""Regression baselines of the intervals and error rates by which all claims are judged."""

import pytest

from harness.evidence import statistics
from harness.plugin.baselines import Tolerance

EXACT = Tolerance("rounding, also of another SciPy", relative=1e-6)
SHARES = [0.91, 0.93, 0.9, 0.95]
LEVELS, ERRORS = [0, 0, 1, 1, 2, 2], [0.1, 0.2, 0.3, 0.25, 0.5, 0.6]
WRONG, OTHERS_WRONG = [[0, 1, 0, 0, 1, 0] * 50, [1, 0] * 150], [[1, 1, 0] * 100, [1] * 300]


@pytest.mark.fast
@pytest.mark.baseline("intervals")
def test_intervals_are_as_they_were(baseline):
    columns = {
        "one_run": statistics.clopper_pearson(250, 256),
        "runs": statistics.t_interval(SHARES),
        "accuracy": statistics.accuracy_interval([250, 231], [256, 256]),
        "fitted": statistics.accuracy_interval([256, 256], [256, 256]),
        "difference": statistics.sum_interval([(1, (900, 1_000)), (-1, (870, 1_000))])[1],
        "trend": statistics.kendall_interval(LEVELS, ERRORS)[1],
        "ratio": statistics.paired_ratio(WRONG, OTHERS_WRONG)[1],
        "false_alarm": [
            statistics.equivalence_false_alarm(0.1, 1_000, runs, 0.08, 9.0) for runs in (1, 5)
        ],
    }
    baseline.check(columns, dict.fromkeys(columns, EXACT))
