"""Strategies of hypothesis: samples drawn to break the constructions of section 4."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

EXTREMES = [0.0, 5e-324, 1e-308, 1e-300, 1.0, 1.0 + 2**-52, 3.0, 1e16, 1e300, -1e300, -1e-300]
MOST_POINTS = 9


@dataclass(frozen=True, eq=False)
class Sample:
    """Points (n, d) and targets (n,)."""

    points: NDArray[np.float64]
    targets: NDArray[np.float64]

    def as_lists(self) -> tuple[list[list[float]], list[float]]:
        """The same as lists of floats."""
        return self.points.tolist(), self.targets.tolist()

    def __repr__(self) -> str:
        """The numbers, as hypothesis reports a counterexample."""
        return f"Sample({self.points.tolist()}, {self.targets.tolist()})"


@st.composite
def interleavings(
    draw: st.DrawFn, numbers: st.SearchStrategy[Any], largest: int = 6
) -> tuple[list[Any], list[Any]]:
    """Sequences b_1 < x_1 < b_2 < ... of up to ``largest`` numbers each, as (x, b)."""
    n = draw(st.integers(1, largest))
    merged = sorted(draw(st.lists(numbers, min_size=2 * n, max_size=2 * n, unique=True)))
    return merged[1::2], merged[::2]


def numbers() -> st.SearchStrategy[Any]:
    """Of every size: tiny and huge floats, subnormals, fractions, integers, negative ones."""
    return st.one_of(
        floats(),
        st.fractions(),
        st.integers(-(2**40), 2**40),
    )


def floats() -> st.SearchStrategy[float]:
    """Floats of every size whose differences do not overflow."""
    return st.floats(-1e300, 1e300, allow_subnormal=True)


def interleavings_in_lapacks_range() -> st.SearchStrategy[tuple[list[float], list[float]]]:
    """Interleaving floats whose matrix LAPACK does not scale: a largest entry of 1e-130 to 1e130.

    It scales others by a factor that is no power of two, and the smallest entries underflow.
    """
    numbers = st.floats(-5e129, 5e129, allow_subnormal=True)
    return interleavings(numbers, largest=12).filter(lambda s: s[0][-1] - s[1][0] > 1e-130)


def moderate_numbers() -> st.SearchStrategy[float]:
    """Multiples of 1/16 up to a million: nothing overflows, and differences are exact."""
    return st.integers(-(2**24), 2**24).map(lambda number: number / 16)


@st.composite
def broken_interleavings(
    draw: st.DrawFn, numbers: st.SearchStrategy[Any], touching: bool
) -> tuple[list[Any], list[Any]]:
    """Interleaving sequences with b_i moved up to x_i for one i, or (not touching) beyond it."""
    points, breakpoints = draw(interleavings(numbers))
    at = draw(st.integers(0, len(points) - 1))
    breakpoints[at] = points[at] if touching else Fraction(points[at]) + 1
    return points, breakpoints


def coordinates() -> st.SearchStrategy[float]:
    """Numbers of every size, the extreme ones often."""
    return st.one_of(
        st.integers(-8, 8).map(float),
        st.sampled_from(EXTREMES),
        floats(),
    )


def _targets(n: int) -> st.SearchStrategy[NDArray[np.float64]]:
    return st.one_of(
        hnp.arrays(np.float64, n, elements=st.sampled_from([-1.0, 1.0])),
        hnp.arrays(np.float64, n, elements=st.integers(0, 9).map(float)),
        hnp.arrays(np.float64, n, elements=coordinates()),
    )


@st.composite
def _anywhere(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    return draw(hnp.arrays(np.float64, (n, draw(st.integers(1, 4))), elements=coordinates()))


@st.composite
def _on_a_lattice(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    shape = (n, draw(st.integers(1, 3)))
    return draw(hnp.arrays(np.float64, shape, elements=st.integers(-40, 40).map(float)))


@st.composite
def _on_a_line(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    d = draw(st.integers(1, 4))
    start, step = (draw(hnp.arrays(np.float64, d, elements=st.floats(-9, 9))) for _ in "ab")
    places = draw(hnp.arrays(np.float64, n, elements=st.integers(-99, 99).map(float)))
    return start + places[:, None] * step


@st.composite
def _nearly_equal(draw: st.DrawFn, n: int) -> NDArray[np.float64]:
    d = draw(st.integers(1, 4))
    start = draw(hnp.arrays(np.float64, d, elements=coordinates()))
    steps = draw(hnp.arrays(np.float64, (n, d), elements=st.integers(-4, 4).map(float)))
    apart = 2.0 ** draw(st.integers(0, 40))
    return start + steps * np.spacing(np.abs(start)) * apart


@st.composite
def samples(draw: st.DrawFn, least: int = 1) -> Sample:
    """Distinct points of up to four dimensions that are hard to separate, with targets."""
    n = draw(st.integers(least, MOST_POINTS))
    kind = draw(st.sampled_from([_anywhere, _on_a_lattice, _on_a_line, _nearly_equal]))
    points = np.unique(draw(kind(n)) + 0.0, axis=0)
    if len(points) < least:
        points = np.arange(float(least))[:, None]
    points = points[draw(st.permutations(range(len(points))))]
    return Sample(points, draw(_targets(len(points))))


@st.composite
def easy_samples(draw: st.DrawFn) -> Sample:
    """Distinct points on a lattice, with small integers as targets."""
    n = draw(st.integers(2, MOST_POINTS))
    rows = st.tuples(*[st.integers(-40, 40)] * draw(st.integers(1, 3)))
    points = draw(st.lists(rows, min_size=n, max_size=n, unique=True))
    targets = draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n))
    return Sample(np.array(points, dtype=np.float64), np.array(targets, dtype=np.float64))


@st.composite
def samples_with_a_repetition(draw: st.DrawFn, conflicting: bool) -> Sample:
    """A sample in which one point occurs twice, with equal targets or with different ones."""
    sample = draw(samples())
    at = draw(st.integers(0, len(sample.points) - 1))
    target = sample.targets[at] + (1.0 + abs(sample.targets[at]) if conflicting else 0.0)
    return Sample(np.vstack([sample.points, sample.points[at]]), np.append(sample.targets, target))


@st.composite
def samples_with_a_depth(draw: st.DrawFn) -> tuple[Sample, int]:
    """A sample of at least two points, and a depth that Corollary 1 allows."""
    sample = draw(st.one_of(easy_samples(), samples(least=2)))
    return sample, draw(st.integers(2, len(sample.points)))


@st.composite
def interleavings_with_targets(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Interleaving integers of moderate size and small targets, as (x, b, y)."""
    points, breakpoints = draw(interleavings(st.integers(-60, 60), largest=8))
    n = len(points)
    return points, breakpoints, draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n))
