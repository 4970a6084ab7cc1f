"""The network of Theorem 1: counted, evaluated both ways, and what it refuses."""

import doctest
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import torch

from harness.errors import ConflictingTargets, HarnessError, InvalidSample
from harness.expressivity import exact, theorem1
from harness.expressivity.audit import forward
from harness.expressivity.theorem1 import fit_theorem1


def sample(n, d, outputs=None):
    generator = np.random.default_rng(n + d)
    shape = n if outputs is None else (n, outputs)
    return generator.normal(size=(n, d)), generator.normal(size=shape)


@pytest.mark.parametrize("module", [theorem1, exact])
def test_the_examples_in_the_docstrings_are_true(module):
    seen = doctest.testmod(module)
    assert seen.attempted > 1 and seen.failed == 0


@pytest.mark.parametrize(("n", "d", "outputs"), [(1, 3, None), (2, 1, 1), (50, 3_072, 4)])
def test_weights_are_counted_in_the_module(n, d, outputs):
    points, targets = sample(n, d, outputs)
    fit = fit_theorem1(points, targets)
    counted = sum(parameter.numel() for parameter in fit.network.parameters())
    assert counted == n + d + n * (outputs or 1)
    assert forward(fit, points).shape == fit.evaluate(points).shape == targets.shape
    np.testing.assert_allclose(forward(fit, points), targets, atol=1e-7)
    np.testing.assert_allclose(fit.evaluate(points), targets, atol=1e-11)


@pytest.mark.parametrize("placement", [0.0, 0.5])
@pytest.mark.parametrize("n", [1, 40, 1_100])
def test_both_ways_to_evaluate_agree_off_the_sample(n, placement):
    points, targets = sample(n, 4)
    fit = fit_theorem1(points, targets, placement=placement)
    generator = np.random.default_rng(0)
    off = generator.normal(size=(300, 4)) * np.exp(3 * generator.normal(size=(300, 1)))
    reach = np.abs(off @ fit.direction) + np.abs(fit.breakpoints).max()
    allowed = 4 * (n + 20) * 2.0**-53 * reach * np.abs(fit.weights).sum()
    assert (np.abs(forward(fit, off) - fit.evaluate(off)) <= allowed).all()


def test_points_may_be_arrays_lists_or_tensors():
    points = np.random.default_rng(0).integers(0, 256, (20, 6)).astype(np.uint8)
    targets = np.arange(20) % 10
    fits = [
        fit_theorem1(points, targets),
        fit_theorem1(points.astype(np.float32), targets.astype(np.float32)),
        fit_theorem1(points.tolist(), targets.tolist()),
        fit_theorem1(torch.from_numpy(points), torch.from_numpy(targets)),
    ]
    for fit in fits[1:]:
        np.testing.assert_array_equal(fit.weights, fits[0].weights)
        np.testing.assert_array_equal(fit.breakpoints, fits[0].breakpoints)


def test_given_arrays_are_not_changed():
    points, targets = sample(30, 3)
    before = points.copy(), targets.copy()
    fit = fit_theorem1(points, targets)
    fit.evaluate(points)
    with torch.no_grad():
        fit.network.breakpoints += 1
    np.testing.assert_array_equal(points, before[0])
    np.testing.assert_array_equal(targets, before[1])
    np.testing.assert_allclose(fit.evaluate(points), targets, atol=1e-11)


def test_repeated_points_are_merged_with_a_warning(caplog):
    fit = fit_theorem1([[1.0, 2.0], [0.0, -0.0], [1.0, 2.0], [-0.0, 0.0]], [3, 4, 3, 4])
    assert fit.n == 2
    assert caplog.messages == ["2 repeated points were merged, the first: 2 repeats 0"]
    assert fit.evaluate([[1.0, 2.0], [0.0, 0.0]]).round(9).tolist() == [3.0, 4.0]


def test_equal_points_with_different_targets_are_named():
    with pytest.raises(ConflictingTargets, match=r"points 1 and 2 are equal.*4\.0 and 5\.0") as e:
        fit_theorem1([[1.0], [0.0], [-0.0]], [3, 4, 5])
    assert e.value.pair == (1, 2)


def test_memory_is_linear_in_the_number_of_points():
    n = 20_000
    points, targets = sample(n, 4)
    fit_theorem1(points[:10], targets[:10])
    tracemalloc.start()
    fit = fit_theorem1(points, targets)
    fit.evaluate(points)
    assert np.isfinite(fit.bounds.network).all()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * n * 8


def test_the_function_is_exact_in_rational_arithmetic_where_targets_are_small_integers():
    # Unit gaps, breakpoints half way: all slopes are integers, nothing is rounded anywhere.
    fit = fit_theorem1(np.arange(20.0)[:, None], np.arange(20) % 3, placement=0.5)
    for place, target in zip(fit.projection.places, fit.targets[:, 0], strict=True):
        pairs = zip(fit.weights.tolist(), fit.breakpoints.tolist(), strict=True)
        total = sum(Fraction(w) * max(Fraction(place) - Fraction(b), 0) for w, b in pairs)
        assert total == target


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": [[1.0, np.nan], [0.0, 1.0]]}, r"points\[0, 1\] = nan.*drop that row"),
        ({"points": [1.0, 2.0]}, r"shape \(2,\).*flatten"),
        ({"points": np.empty((2, 0))}, r"shape \(2, 0\)"),
        ({"points": [[1], [1, 2]]}, "real numbers"),
        ({"points": torch.ones(2, 1, requires_grad=True)}, "detach"),
        ({"targets": [1.0]}, "2 points and 1 targets"),
        ({"targets": np.ones((2, 2, 2))}, r"should be \(2,\) or \(2, c\)"),
        ({"targets": [1.0, np.inf]}, r"targets\[1\] = inf"),
    ],
)
def test_invalid_points_and_targets_are_refused(changes, message):
    with pytest.raises(InvalidSample, match=message):
        fit_theorem1(**{"points": [[0.0], [1.0]], "targets": [1.0, 2.0]} | changes)


def test_points_of_other_dimensions_cannot_be_evaluated():
    fit = fit_theorem1(*sample(9, 3))
    with pytest.raises(HarnessError, match="2 dimensions, but the network has 3"):
        fit.evaluate([[1.0, 2.0]])
