"""The projection to a line: how exact it is, which direction is taken, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity import adversarial, projection
from harness.expressivity.projection import directions_for, project, separate


def exactly(points, vector):
    a = [Fraction(entry) for entry in vector.tolist()]
    return [sum(x * Fraction(y) for x, y in zip(a, row, strict=True)) for row in points.tolist()]


def farthest(places, exact):
    return max(abs(Fraction(p) - e) for p, e in zip(places.tolist(), exact, strict=True))


def check_exactness(points):
    """Both ways to project are within what the direction states of itself."""
    try:
        found = separate(points, np.zeros((len(points), 1)), seed=0, count=2)
    except NotSeparated:
        return
    direction = found.direction
    exact = exactly(points, direction.vector)
    by_parts = project(points, direction.vector[:, None])[:, 0]
    assert farthest(by_parts, exact) <= direction.uncertainty
    for order in (1, -1):
        product = (points[:, ::order] * direction.vector[::order]).cumsum(axis=1)[:, -1]
        assert farthest(product, exact) <= direction.uncertainty_of_product
    gaps = np.diff(found.places)
    assert (gaps > 4 * direction.uncertainty).all()
    assert (gaps > 4 * direction.uncertainty_of_product).all()


@given(adversarial.samples())
def test_projections_are_within_the_stated_uncertainty(sample):
    check_exactness(sample.points)


@pytest.mark.parametrize("d", [2, 3, 64, 500])
@pytest.mark.parametrize("scale", [1e-305, 1.0, 1e305])
def test_projections_of_many_coordinates_are_within_the_stated_uncertainty(d, scale):
    check_exactness(np.random.default_rng(d).normal(size=(12, d)) * scale)


def test_bytes_are_projected_exactly_in_any_order_of_summation():
    images = np.random.default_rng(0).integers(0, 256, (8, 3_072)).astype(np.float64)
    found = separate(images, np.zeros((8, 1)), seed=0, count=1)
    exact = exactly(images, found.direction.vector)
    for order in (1, -1):
        product = images[:, ::order] @ found.direction.vector[::order]
        assert farthest(product, exact) == 0
    assert farthest(project(images, found.direction.vector[:, None])[:, 0], exact) == 0
    assert found.direction.uncertainty < 1e-300


def test_the_direction_with_the_largest_smallest_gap_is_taken():
    points = np.random.default_rng(3).normal(size=(50, 4))
    vectors = directions_for(4, np.abs(points).max(), 16, np.random.default_rng(7))
    places = np.sort(points @ vectors, axis=0)
    share = np.diff(places, axis=0).min(axis=0) / (places[-1] - places[0])
    found = separate(points, np.zeros((50, 1)), seed=7, count=16)
    assert found.direction.vector.tolist() == vectors[:, np.argmax(share)].tolist()
    assert share.max() > 2 * np.median(share)


def test_the_two_points_that_coincide_are_named():
    points = np.array([[0.0, 9.0], [1e300, 1.0], [5.0, 5.0], [1e300, 1.0 + 2**-40]])
    points[[0, 2]] *= 1e298
    with pytest.raises(NotSeparated, match=r"points 1 and 3: no direction of 6 .*fit_exactly") as e:
        separate(points, np.zeros((4, 1)), seed=0, count=2)
    assert e.value.pair == (1, 3)


def test_directions_are_drawn_again_after_a_failed_round(monkeypatch):
    draws = []

    def blind_at_first(d, largest, count, generator):
        vectors = directions_for(d, largest, count, generator)
        if not draws:
            vectors[:] = vectors[0, 0]  # (1, 1): blind to (1, -1)
        draws.append(vectors)
        return vectors

    monkeypatch.setattr(projection, "directions_for", blind_at_first)
    points = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    found = separate(points, np.zeros((3, 1)), seed=0, count=2)
    assert len(draws) == 2
    assert len(found.order) == 3


def test_too_many_dimensions_are_refused():
    with pytest.raises(InvalidSample, match=r"1,048,577 dimensions.*2\^20"):
        separate(np.zeros((1, 2**20 + 1)), np.zeros((1, 1)), seed=0, count=1)
