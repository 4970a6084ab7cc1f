"""Corollary 1: both constructions at every depth, exact and in float64."""

import numpy as np
import pytest

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity.corollary1 import (
    fit_corollary1,
    fit_corollary1_exactly,
)

BOTH = pytest.mark.parametrize("construction", ["multiplexer", "running sum"])


def test_at_depth_two_it_is_theorem_1():
    points, targets = np.random.default_rng(0).normal(size=(2, 12)), [1.0, 2.0]
    both = [fit_corollary1(points, targets, 2, c) for c in ("multiplexer", "running sum")]
    for one, other in zip(both[0].layers, both[1].layers, strict=True):
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])
    assert both[0].widths == (2,)


@BOTH
@pytest.mark.parametrize("ulps", [2, 3])
def test_a_gap_that_rounds_away_beside_the_others_is_refused_with_its_pair(construction, ulps):
    points = np.array([0.999, -0.999, 0.999 - ulps * 2**-53 * 2])[:, None]
    with pytest.raises(NotSeparated, match="too close") as refused:
        fit_corollary1(points, [1.0, 2.0, 3.0], 3, construction)
    assert refused.value.pair == (0, 2)


@BOTH
def test_a_slope_too_steep_names_its_own_pair(construction):
    points = np.array([5.0, 0.0, 4.0, 1.0, 3.0, 2.0])[:, None]
    targets = np.array([0.0, 0.0, 1e300, 0.0, 0.0, 0.0])
    with pytest.raises(NotSeparated, match="too steep") as refused:
        fit_corollary1(points, targets, 5, construction)
    assert 2 in refused.value.pair


@pytest.mark.parametrize(
    ("points", "targets", "depth", "message"),
    [
        ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 1, r"depth = .* from 2 to 3"),
        ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], 4, r"depth = .* from 2 to 3"),
        ([0.0, 1.0, 0.0], [1.0, 2.0, 1.0], 3, r"depth = 3, .* from 2 to 2"),
        ([0.0, 0.0, 1.0], [1.0, 2.0, 1.0], 2, "equal"),
    ],
)
@pytest.mark.parametrize("fit", [fit_corollary1, fit_corollary1_exactly])
def test_what_cannot_be_fitted_is_refused(fit, points, targets, depth, message):
    with pytest.raises(InvalidSample, match=message):
        fit([[place] for place in points], targets, depth, "multiplexer")
