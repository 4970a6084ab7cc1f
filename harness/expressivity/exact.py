"""Theorem 1 in rational arithmetic: exact for every sample of distinct points.

>>> network = fit_exactly([[0.0, 1e-300], [0.0, 0.0]], [1, 2])
>>> network([[0.0, 1e-300], [0.0, 0.0]])
[Fraction(1, 1), Fraction(2, 1)]
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.errors import ConflictingTargets
from harness.expressivity.points import warn_merged

Number = int | float | Fraction
ENTRY = 2**10
TRIES = 8


@dataclass(frozen=True)
class ExactNetwork:
    """c(z) = sum over j of w_j max(<a, z> - b_j, 0), all of it rational."""

    direction: tuple[Fraction, ...]
    breakpoints: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]

    @property
    def count(self) -> int:
        """Weights in all: 2n + d."""
        return len(self.direction) + len(self.breakpoints) + len(self.weights)

    def __call__(self, points: Sequence[Sequence[Number]]) -> list[Fraction]:
        """Values at points of d coordinates."""
        return [self.at(_place(self.direction, rational_numbers(row))) for row in points]

    def at(self, place: Fraction) -> Fraction:
        """The value where <a, z> is ``place``."""
        pairs = zip(self.weights, self.breakpoints, strict=True)
        return sum((w * max(place - b, Fraction(0)) for w, b in pairs), Fraction(0))


@dataclass(frozen=True)
class ExactSample:
    """Distinct rational points, sorted along a direction that separates them."""

    direction: tuple[Fraction, ...]
    places: tuple[Fraction, ...]
    targets: tuple[Fraction, ...]


def fit_exactly(points: Sequence[Sequence[Number]], targets: Sequence[Number]) -> ExactNetwork:
    """Build the network of Theorem 1 through n points of d numbers each, with n targets.

    O(n log n) operations, on numbers whose length grows with n: for some thousands of points.
    NumPy's arrays and PyTorch's tensors are accepted. Equal points with equal targets are merged,
    with a warning in the log. Raises ConflictingTargets for equal points with different targets.
    """
    sample = separate_exactly(points, targets)
    breakpoints = breakpoints_within(sample.places, Fraction(1, 2**10))
    weights = solve_exactly(sample.places, breakpoints, sample.targets)
    return ExactNetwork(sample.direction, tuple(breakpoints), tuple(weights))


def breakpoints_within(places: Sequence[Fraction], placement: Fraction) -> list[Fraction]:
    """A breakpoint below the first place, and one in each gap, that share of it up."""
    inside = [a + placement * (b - a) for a, b in itertools.pairwise(places)]
    return [places[0] - 1, *inside]


def solve_exactly(
    places: Sequence[Fraction], breakpoints: Sequence[Fraction], targets: Sequence[Fraction]
) -> list[Fraction]:
    """Solve A w = y of Lemma 1 by forward substitution through the slopes, in O(n) operations."""
    weights = []
    slope = value = Fraction(0)
    before = breakpoints[0]
    for place, own, target in zip(places, breakpoints, targets, strict=True):
        value += slope * (own - before)
        needed = (target - value) / (place - own)
        weights.append(needed - slope)
        slope, value, before = needed, target, place
    return weights


def separate_exactly(points: Sequence[Sequence[Number]], targets: Sequence[Number]) -> ExactSample:
    """Sort distinct points along a direction that separates them; there always is one.

    Some random integer vectors, then (1, t, t^2, ...) for t = 1, 2, 3 ...: two distinct points
    agree along it for at most d - 1 values of t each, so that the search ends.
    """
    rows = [rational_numbers(row) for row in points]
    values = rational_numbers(targets)
    first: dict[tuple[Fraction, ...], int] = {}
    pairs = []
    for index, row in enumerate(rows):
        other = first.setdefault(row, index)
        if values[other] != values[index]:
            raise ConflictingTargets(other, index, values[other], values[index])
        if other != index:
            pairs.append((other, index))
    kept = list(first.values())
    warn_merged(pairs)
    generator = random.Random(0)
    d = len(rows[0])
    for attempt in itertools.count(1):
        if attempt <= TRIES:
            direction = tuple(Fraction(generator.randint(1, ENTRY)) for _ in range(d))
        else:
            direction = tuple(Fraction(attempt - TRIES) ** power for power in range(d))
        places = {index: _place(direction, rows[index]) for index in kept}
        if len(set(places.values())) == len(kept):
            break
    order = sorted(kept, key=places.__getitem__)
    return ExactSample(
        direction,
        tuple(places[index] for index in order),
        tuple(values[index] for index in order),
    )


def rational_numbers(numbers: Sequence[Number]) -> tuple[Fraction, ...]:
    """Numbers as rationals."""
    # A Fraction of NumPy's integers would keep them, and overflow.
    return tuple(Fraction(it.item() if hasattr(it, "item") else it) for it in numbers)


def _place(direction: Sequence[Fraction], row: Sequence[Fraction]) -> Fraction:
    return sum((a * z for a, z in zip(direction, row, strict=True)), Fraction(0))
