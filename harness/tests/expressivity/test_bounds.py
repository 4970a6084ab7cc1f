"""The bounds in float64: never exceeded, each term needed, and not empty."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import NotSeparated
from harness.expressivity import adversarial
from harness.expressivity.audit import forward, represent
from harness.expressivity.bounds import error_bounds
from harness.expressivity.theorem1 import fit_theorem1


def errors(fit, points):
    """Of the forward pass, and through the sorted breakpoints, at each sorted point."""
    sample = np.asarray(points, dtype=np.float64)[fit.projection.order]
    values = (forward(fit, sample), fit.evaluate(sample))
    return [np.abs(it.reshape(fit.n, -1) - fit.targets).max(axis=1) for it in values]


def require_bounded(points, targets, **options):
    fit = fit_theorem1(points, targets, **options)
    by_network, by_breakpoints = errors(fit, points)
    assert (by_network <= fit.bounds.network).all()
    assert (by_breakpoints <= fit.bounds.sorted_path).all()
    return fit


@given(adversarial.samples(), st.sampled_from([0.02, 0.1, 0.4, 0.5, 0.7, 0.999]))
def test_hostile_samples_are_within_the_bounds_for_other_placements(sample, placement):
    try:
        require_bounded(sample.points, sample.targets, placement=placement)
    except NotSeparated:
        return


def clusters(generator, n, d):
    return generator.integers(0, 4, (n, d)) + generator.normal(size=(n, d)) * 1e-6


def heavy_tails(generator, n, d):
    return np.cumsum(np.exp(4 * generator.normal(size=(n, 1))), axis=0) * generator.normal(size=d)


def normals(generator, n, d):
    return generator.normal(size=(n, d))


@pytest.mark.parametrize("kind", [normals, clusters, heavy_tails])
@pytest.mark.parametrize("placement", [0.0, 0.3, 0.5])
def test_samples_of_two_hundred_are_within_the_bounds(kind, placement):
    for seed in range(6):
        generator = np.random.default_rng(seed)
        n, d, outputs = generator.integers(2, 201), generator.integers(1, 30), 1 + seed % 3
        targets = generator.normal(size=(n, outputs)) * np.exp(8 * generator.normal(size=(n, 1)))
        require_bounded(kind(generator, n, d), targets, placement=placement)


# Each of these once exceeded its bound, the last but one 7,500 times.
FOUND = {
    "two zeros": ([5.0, 5.0000000000000036], [0.0, 0.0], 0.0),
    "a large step before a wide gap": (
        np.cumsum([0.0, 32.0, 2.0**-12, 2.0**-11, 2.0**17]),
        [
            0.00015265869884557,
            -40958293.33510557,
            19875262.590503544,
            50292079.614180505,
            50292079.61377963,
        ],
        0.2,
    ),
    "a larger one": (
        np.cumsum([0.0, 2.0, 0.5, 2.0, 4.0, 2.0**22]),
        [
            1779.2744166665316,
            1781.4659814300312,
            1781.6882829570357,
            221127081.59595004,
            410663052.9635596,
            405076415.8262632,
        ],
        0.3,
    ),
    "a smaller one": (
        np.cumsum([0.0, 2.0**-7, 2.0**-19, 0.5, 2.0**16]),
        [
            -1090476877.9600863,
            -1089821835.7920074,
            -1001375517.4827325,
            2575183849512.357,
            2575211099555.479,
        ],
        0.1,
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_samples_that_once_exceeded_a_bound_are_within_it(name):
    places, targets, placement = FOUND[name]
    points = np.array(places)[:, None]
    assert represent(points, targets)[0].within_bounds
    fit = require_bounded(points, targets, placement=placement)
    assert fit.n == len(targets)


def test_subnormal_targets_far_from_the_origin_are_within_the_bounds():
    d = 2**17
    towards = np.sign(fit_theorem1(np.ones((1, d)), [1.0], directions=1).direction)
    points = np.outer([-1.0, -1e-5, 0.0], towards)
    require_bounded(points, [0.0, 1e-319, 1e-319], directions=1)


def two_close_points():
    """Far from the origin and close together: the place of a point is what is uncertain."""
    generator = np.random.default_rng(0)
    base = generator.normal(size=2_000)
    return np.stack([base, base + 1e-8 * generator.normal(size=2_000)])


def test_the_bound_needs_the_uncertainty_of_the_projection():
    points, targets = two_close_points(), [0.0, 1.0]
    fit = require_bounded(points, targets)
    projection = fit.projection
    sure = replace(projection.direction, uncertainty=0.0, uncertainty_of_product=0.0)
    without = error_bounds(
        projection.places, fit.breakpoints, fit.slopes, fit.quanta, fit.targets, sure
    )
    assert (errors(fit, points)[0] > without.network).any()


def test_the_network_loses_digits_where_the_sorted_path_does_not():
    n = 2_000
    points = np.random.default_rng(1).permutation(np.arange(n) / n)[:, None]
    targets = np.random.default_rng(2).choice([-1.0, 1.0], n)
    fit = require_bounded(points, targets)
    by_network, by_breakpoints = errors(fit, points)
    assert by_network.max() > 100 * by_breakpoints.max()
    assert by_breakpoints.max() < 1e-13
    assert fit.bounds.sorted_path.max() < 1e-9
    assert fit.bounds.network.max() < 0.5
