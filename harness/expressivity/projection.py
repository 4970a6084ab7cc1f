"""Projecting points to a line so that they stay apart: the vector a of Theorem 1.

A random direction separates distinct points almost surely, but floating point may not. So the gaps
are measured, and the best of several directions is taken. If none separates all points, the error
names the two that coincide.

The entries of a direction have 20 bits. Each point is split into a part on a coarse grid, whose
products and sums with such a direction are exact in float64 in any order of summation, and a
small rest (the error-free transformation of Ozaki, Ogita, Oishi & Rump, Numer. Algorithms 59,
2012). The projection is then exact to the last bit or nearly, and the same on every machine; for
images of bytes it is exact, and so is the ordinary product that a network computes.
"""

from dataclasses import dataclass

import numpy as np

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity.points import Floats, Indices, merge_equal

DIRECTION_BITS = 20
ROUNDING = 2.0**-53
TINY = 2.0**-1074
CHUNK = 2**16
"""Numbers that are split at a time, so that they stay in the cache."""
ROUNDS = 3


@dataclass(frozen=True)
class Direction:
    """The vector a for points up to a certain size, and how exactly it projects."""

    vector: Floats
    """Shape (d,); scaled by a power of two, so that projections are at most d in size."""
    uncertainty: float
    """Largest distance of a projection by `project` from the exact one."""
    uncertainty_of_product: float
    """The same for an ordinary product of points and vector, in any order of summation."""


@dataclass(frozen=True)
class Projection:
    """The sample on a line."""

    direction: Direction
    order: Indices
    """Indices of the distinct points, sorted by their place."""
    places: Floats
    """The projections of these points, ascending, shape (n,)."""


def project(points: Floats, vectors: Floats) -> Floats:
    """Projections, shape (m, k), of points (m, d) on vectors (d, k), made by `directions_for`."""
    return _project(points, vectors)[0]


def _project(points: Floats, vectors: Floats) -> tuple[Floats, float]:
    """The projections, and a bound on the rests off the grid, in units of the scaled points.

    The bound is 0 if all points are on the grid.
    """
    d, k = vectors.shape
    exponent = int(np.frexp(np.abs(vectors).max())[1])
    scale, unscaled = 2.0**exponent, np.ldexp(vectors, -exponent)
    bits = 53 - DIRECTION_BITS - (d - 1).bit_length()
    shifter = 1.5 * 2.0 ** (52 - bits)
    places = np.empty((len(points), k))
    rows = max(1, CHUNK // d)
    rest = 0.0
    for start in range(0, len(points), rows):
        scaled = points[start : start + rows] * scale
        on_grid = (scaled + shifter) - shifter
        scaled -= on_grid
        np.matmul(on_grid, unscaled, out=places[start : start + rows])
        if rest > 0 or scaled.any():
            rest = 2.0 ** -(bits + 1)
            places[start : start + rows] += scaled @ unscaled
    return places, rest


def directions_for(d: int, largest: float, count: int, generator: np.random.Generator) -> Floats:
    """Random vectors, shape (d, count), for coordinates up to ``largest`` in size.

    Entries of 20 bits in +-[1/2, 1), scaled by a power of two so that products stay below 1. In
    one dimension all directions are alike, and one is returned: a power of two.
    """
    if d > 2**20:
        raise InvalidSample(f"points have {d:,} dimensions, but at most 2^20 can be projected")
    # Below 2^-1000 a scale would overflow; such points project to less than they might.
    scale = max(int(np.frexp(largest)[1]), -1000)
    if d == 1:
        return np.full((1, 1), 2.0 ** (-1 - scale))
    half = 2 ** (DIRECTION_BITS - 1)
    entries = generator.integers(half, 2 * half, (d, count)) * generator.choice([-1, 1], (d, count))
    return np.ldexp(entries.astype(np.float64), -DIRECTION_BITS - scale)


def separate(points: Floats, targets: Floats, seed: int, count: int) -> Projection:
    """Sort the distinct points (n, d) along the best of ``count`` random directions.

    The best has the largest smallest gap, relative to its range. A direction separates two points
    if their gap is over four times the rounding of `project` and of an ordinary product, and a
    float64 fits between them. Raises ConflictingTargets for equal points with different targets,
    and NotSeparated, with the pair, when three rounds of directions fail.
    """
    generator = np.random.default_rng(seed)
    kept = np.arange(len(points))
    largest = float(max(points.max(), -points.min()))
    for attempt in range(ROUNDS):
        vectors = directions_for(points.shape[1], largest, count, generator)
        places, rest = _project(points, vectors)
        candidates = [
            _Candidate(_direction(vector, its, largest, rest), its)
            for vector, its in zip(vectors.T, np.ascontiguousarray(places.T), strict=True)
        ]
        best, score = _best(candidates, kept)
        if score <= 0 and attempt == 0:
            kept = merge_equal(points, targets, best.close_points(kept))
            best, score = _best(candidates, kept)
        if score > 0:
            order = kept[np.argsort(best.places[kept])]
            return Projection(best.direction, order, best.places[order])
    one, other = best.closest_pair(kept)
    raise NotSeparated(
        one,
        other,
        f"no direction of {ROUNDS * count} separates them in float64 (their distance is"
        f" {np.abs(points[one] - points[other]).max():.3g} at most in a coordinate, where"
        f" coordinates go up to {np.abs(points).max():.3g})",
    )


def _direction(vector: Floats, places: Floats, largest: float, rest: float) -> Direction:
    """A direction with its uncertainties, from the projections of all points."""
    d = len(vector)
    uncertainty = of_product = underflow = 4 * d * TINY
    if d > 1 and rest > 0:
        exponent = int(np.frexp(np.abs(vector).max())[1])
        weight = float(np.abs(np.ldexp(vector, -exponent)).sum())
        per_unit = d * ROUNDING / (1 - d * ROUNDING) * weight
        uncertainty = per_unit * rest + ROUNDING * float(np.abs(places).max()) + underflow
        of_product = per_unit * largest * 2.0**exponent + underflow
    return Direction(np.ascontiguousarray(vector), uncertainty, of_product)


@dataclass(frozen=True)
class _Candidate:
    """A direction, and the projections of all points."""

    direction: Direction
    places: Floats

    @property
    def needed(self) -> float:
        """A gap of at most this separates nothing."""
        rounding = max(self.direction.uncertainty, self.direction.uncertainty_of_product)
        return max(4 * rounding, 2 * float(np.spacing(np.abs(self.places).max())))

    def score(self, kept: Indices) -> float:
        """Smallest gap of these points less what is needed, over their range.

        It is above 0 if all are separated.
        """
        if len(kept) == 1:
            return 1.0
        places = np.sort(self.places[kept])
        spread = places[-1] - places[0]
        return (float(np.diff(places).min()) - self.needed) / spread if spread > 0 else -1.0

    def close_points(self, kept: Indices) -> Indices:
        """Points whose neighbour on the line is too close: all equal ones are among them."""
        order = kept[np.argsort(self.places[kept])]
        close = np.diff(self.places[order]) <= self.needed
        return order[np.r_[close, False] | np.r_[False, close]]

    def closest_pair(self, kept: Indices) -> tuple[int, int]:
        """The indices of the two points with the smallest gap, ascending."""
        order = kept[np.argsort(self.places[kept])]
        at = int(np.argmin(np.diff(self.places[order])))
        one, other = sorted(map(int, order[at : at + 2]))
        return one, other


def _best(candidates: list[_Candidate], kept: Indices) -> tuple[_Candidate, float]:
    """The candidate with the largest score, and that score."""
    scores = [candidate.score(kept) for candidate in candidates]
    at = int(np.argmax(scores))
    return candidates[at], scores[at]
