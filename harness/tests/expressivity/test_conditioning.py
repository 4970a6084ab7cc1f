"""What bounds the weights, on instances that are known."""

import numpy as np
import pytest

from harness.expressivity import conditioning
from harness.expressivity.conditioning import weight_norm


@pytest.mark.parametrize("placement", [0.0, 0.5])
def test_the_norm_is_that_of_a_dense_solve(placement):
    n = 20
    places = np.arange(1.0, n + 1)
    matrix = np.maximum(np.subtract.outer(places, places - (1 - placement)), 0)
    weights = np.linalg.solve(matrix, (-1.0) ** np.arange(n))
    seen = weight_norm(n, placement)
    assert seen.norm == pytest.approx(np.linalg.norm(weights), rel=1e-10)
    least = np.linalg.svd(matrix, compute_uv=False)[-1]
    assert seen.singular_value_bound == pytest.approx(np.sqrt(n) / least, rel=1e-6)


def test_a_bound_too_small_by_a_tenth_is_detected(monkeypatch):
    points, breakpoints = np.arange(1.0, 9), np.arange(0.5, 8.5)
    matrix = np.maximum(np.subtract.outer(points, breakpoints), 0)
    # The targets whose weights are as large as the bound allows.
    targets = np.linalg.svd(matrix)[0][:, -1]
    sample = (points.tolist(), breakpoints.tolist(), targets.tolist())
    assert conditioning.singular_value_bounds_weights(*sample)
    true = conditioning.smallest_singular_value
    monkeypatch.setattr(conditioning, "smallest_singular_value", lambda x, b: 1.1 * true(x, b))
    assert not conditioning.singular_value_bounds_weights(*sample)
