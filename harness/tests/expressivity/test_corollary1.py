"""Corollary 1: both constructions at every depth, exact and in float64."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConflictingTargets, InvalidSample, NotSeparated
from harness.expressivity import adversarial
from harness.expressivity.corollary1 import (
    fit_corollary1,
    fit_corollary1_exactly,
    weight_bound,
    width_bound,
)
from harness.expressivity.deep_audit import deep_network_realises, reached_with_a_hinge_fewer

BOTH = pytest.mark.parametrize("construction", ["multiplexer", "running sum"])
CONSTRUCTIONS = st.sampled_from(["multiplexer", "running sum"])


@given(adversarial.samples_with_a_depth(), CONSTRUCTIONS)
def test_any_targets_at_any_depth_exactly(case, construction):
    assert deep_network_realises(*case, construction)


@given(adversarial.samples_with_a_depth().filter(lambda case: case[0].targets.any()))
def test_the_last_hinge_is_needed_unless_its_weight_is_zero(case):
    (sample, depth) = case
    network, *_ = fit_corollary1_exactly(*sample.as_lists(), 2, "running sum")
    needed = bool(network.layers[-1][0][0, -1])
    assert reached_with_a_hinge_fewer(sample, depth) != needed


@given(st.integers(2, 90), st.integers(1, 5), CONSTRUCTIONS, st.data())
def test_depth_width_and_weights_are_counted_in_the_module(n, d, construction, data):
    depth = data.draw(st.integers(2, n))
    generator = np.random.default_rng(n)
    points, targets = generator.normal(size=(n, d)), generator.normal(size=n)
    network = fit_corollary1(points, targets, depth, construction)
    kinds = [type(part).__name__ for part in network.network]
    assert kinds == ["Linear", "Linear", *["ReLU", "Linear"] * (depth - 1)]
    projection, *layers = [it for it in network.network if isinstance(it, torch.nn.Linear)]
    assert projection.weight.shape == (1, d) and projection.bias is None
    widths = [layer.out_features for layer in layers[:-1]]
    assert len(layers) == depth == network.depth
    assert tuple(widths) == network.widths
    assert max(widths) <= width_bound(n, depth, construction) <= 3 * n / depth + 8
    counted = sum(int(it.count_nonzero()) for it in network.network.parameters())
    assert counted == network.nonzero_weights <= weight_bound(n, d, construction) <= 21 * n + d


@BOTH
@pytest.mark.parametrize("depth", [2, 3, 4, 7, 50, 200])
def test_float64_takes_the_targets_too(depth, construction):
    points = np.random.default_rng(0).integers(0, 256, (200, 30))
    targets = np.random.default_rng(1).integers(0, 10, 200)
    network = fit_corollary1(points, targets, depth, construction)
    with torch.no_grad():
        values = network.network(torch.from_numpy(points.astype(np.float64)))[:, 0].numpy()
    assert np.abs(values - targets).max() < 1e-6
    places = points @ network.direction
    np.testing.assert_allclose(network.at(places), values, atol=1e-6)


def test_at_depth_two_it_is_theorem_1():
    points, targets = np.random.default_rng(0).normal(size=(2, 12)), [1.0, 2.0]
    both = [fit_corollary1(points, targets, 2, c) for c in ("multiplexer", "running sum")]
    for one, other in zip(both[0].layers, both[1].layers, strict=True):
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])
    assert both[0].widths == (2,)


@given(st.integers(3, 9), st.data())
def test_gates_are_closed_at_the_other_blocks(n, data):
    # Targets so that each block rises steeply to its end: what is not closed would show.
    depth = data.draw(st.integers(3, n))
    points = [[Fraction(i * i)] for i in range(n)]
    targets = [Fraction((-1) ** i * 10**i) for i in range(n)]
    network, places, wanted = fit_corollary1_exactly(points, targets, depth, "multiplexer")
    assert network.at(places).tolist() == wanted.tolist() == targets


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("fit", [fit_corollary1, fit_corollary1_exactly])
def test_other_depths_are_refused(fit, depth):
    with pytest.raises(InvalidSample, match=r"depth = .* from 2 to 3"):
        fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0], depth)


@pytest.mark.parametrize("fit", [fit_corollary1, fit_corollary1_exactly])
def test_the_depth_goes_up_to_the_number_of_distinct_points(fit, caplog):
    with pytest.raises(InvalidSample, match=r"depth = 3, .* from 2 to 2"):
        fit([[0.0], [1.0], [0.0]], [1.0, 2.0, 1.0], 3)
    assert caplog.messages == ["1 repeated points were merged, the first: 2 repeats 0"]


@pytest.mark.parametrize("fit", [fit_corollary1, fit_corollary1_exactly])
def test_bad_samples_are_refused(fit):
    with pytest.raises(ConflictingTargets):
        fit([[0.0], [0.0], [1.0]], [1.0, 2.0, 1.0], 2)
    with pytest.raises(InvalidSample, match="finite"):
        fit([[0.0], [np.nan]], [1.0, 2.0], 2)
    with pytest.raises(InvalidSample):
        fit([[0.0], [1.0]], [[1.0, 2.0], [2.0, 3.0]], 2)


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
