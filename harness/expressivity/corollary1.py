"""Corollary 1: any depth k from 2 to n, at width O(n/k) and O(n + d) non-zero weights.

Two constructions, both of ordinary linear layers and ReLUs behind one linear projection to a line.
The projection has d weights and no activation, so it does not count as a layer. A first layer that
saw all d inputs would cost d n/k weights.

``running sum`` is exact and simple. Each hidden layer holds its share of Theorem 1's hinges, passes
the place on, and adds the sum of the hinges before it. Width at most ceil(n/(k-1)) + 3, at most
9n + d non-zero weights.

``multiplexer`` is the paper's. The points are cut into k - 2 blocks, the hinges of layer j fit
block j alone, and a multiplexer lets through the output of the block in which the place lies. An
indicator takes two layers (c = 2): two units for the distance to the block, then the gates
max(+-o_j - C_j distance, 0). They pass o_j at distance zero, and nothing where C_j outweighs it.
The network is exact on the sample and approximate between the blocks. The gates' sum is passed on,
because k outputs would cost the width. Width at most ceil(n/(k-2)) + 7, at most 21n + d non-zero
weights. For k = 2 = c it is Theorem 1 itself.

The layers are arrays of float64, or of Fractions (dtype object), which are then exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import InvalidSample, NotSeparated
from harness.expressivity.exact import Number, breakpoints_within, separate_exactly, solve_exactly
from harness.expressivity.hinges import (
    JUST_ABOVE,
    place_breakpoints,
    representable,
    slope_quanta,
    solve_slopes,
)
from harness.expressivity.layers import BUILDERS, Array, Layer
from harness.expressivity.points import Floats, Indices, as_points, as_targets
from harness.expressivity.projection import separate

if TYPE_CHECKING:
    import torch

Construction = Literal["running sum", "multiplexer"]


@dataclass(frozen=True)
class DeepNetwork:
    """The construction: a projection to a line, then ``depth`` linear layers with ReLUs between."""

    direction: Array
    """Shape (d,)."""
    layers: tuple[Layer, ...]

    @property
    def depth(self) -> int:
        """Layers after the projection; the last one is the output."""
        return len(self.layers)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(len(bias) for _, bias in self.layers[:-1])

    @property
    def nonzero_weights(self) -> int:
        """Weights and biases that are not zero, including the projection's."""
        arrays = [self.direction, *(array for layer in self.layers for array in layer)]
        return sum(int(np.count_nonzero(array)) for array in arrays)

    @cached_property
    def network(self) -> "torch.nn.Sequential":
        """The same as a module in float64: nn.Linear and nn.ReLU in turn; (m, d) to (m, 1)."""
        from harness.expressivity.network import as_sequential

        return as_sequential(self.direction, self.layers)

    def at(self, places: Array) -> Array:
        """Values (m,) at places (m,) on the line, in the layers' own arithmetic."""
        values = places[:, None]
        for weights, bias in self.layers[:-1]:
            values = np.maximum(values @ weights.T + bias, 0)
        weights, bias = self.layers[-1]
        return (values @ weights.T + bias)[:, 0]


def fit_corollary1(
    points: ArrayLike, targets: ArrayLike, depth: int, construction: Construction, *, seed: int = 0
) -> DeepNetwork:
    """Build a network of that depth through points (n, d) with targets (n,), in float64.

    The layers are dense matrices: about 8 n^2 / k bytes in all. The error at a target is about the
    rounding of the place, 2^-53 of the range, times the slope; no bound is stated. Raises
    InvalidSample for a depth outside 2 .. n (n the number of distinct points), and the errors of
    `fit_theorem1`.
    """
    array = as_points(points)
    wanted = as_targets(targets, len(array))
    if wanted.ndim != 1:
        raise InvalidSample(f"targets have the shape {wanted.shape}, but one output is built: (n,)")
    projection = separate(array, wanted[:, None], seed, 4)
    places, order = projection.places, projection.order
    _check_depth(depth, len(places))

    def slopes(places: Array, breakpoints: Array, targets: Array) -> Array:
        first = int(np.searchsorted(on_line, places[0]))  # of a block, in the whole
        solved = solve_slopes(places, breakpoints, targets[:, None], order[first:])
        return representable(solved, slope_quanta(solved))[:, 0]

    origin = _origin(places)
    on_line = places - origin
    _check_gaps(on_line, order)
    breakpoints = place_breakpoints(on_line, JUST_ABOVE)
    breakpoints[0] = 0.0
    build = BUILDERS[construction]
    layers = build(on_line, breakpoints, wanted[order], depth, slopes, origin)
    return DeepNetwork(projection.direction.vector, layers)


def fit_corollary1_exactly(
    points: Sequence[Sequence[Number]],
    targets: Sequence[Number],
    depth: int,
    construction: Construction,
) -> tuple[DeepNetwork, Array, Array]:
    """The same in rational arithmetic: the network, the sorted places, and their targets.

    Raises the errors of `fit_exactly`, and InvalidSample for a depth outside 2 .. n.
    """
    sample = separate_exactly(points, targets)
    _check_depth(depth, len(sample.places))
    origin = sample.places[0] - 1
    places = np.array([place - origin for place in sample.places], dtype=object)
    wanted = np.array(sample.targets, dtype=object)
    breakpoints = np.array(breakpoints_within(list(places), Fraction(1, 4)), dtype=object)

    def slopes(places: Array, breakpoints: Array, targets: Array) -> Array:
        weights = solve_exactly(list(places), list(breakpoints), list(targets))
        return np.cumsum(np.array(weights, dtype=object))

    layers = BUILDERS[construction](places, breakpoints, wanted, depth, slopes, origin)
    direction = np.array(sample.direction, dtype=object)
    return DeepNetwork(direction, layers), np.array(sample.places, dtype=object), wanted


def width_bound(n: int, depth: int, construction: Construction) -> int:
    """The stated bound on the width: at most 2n/k + 4, or 3n/k + 8 for the multiplexer."""
    if depth == 2:
        return n
    if construction == "running sum":
        return -(-n // (depth - 1)) + 3
    return -(-n // (depth - 2)) + 7


def weight_bound(n: int, d: int, construction: Construction) -> int:
    """The stated bound on the non-zero weights, at any depth from 2 to n."""
    return (9 if construction == "running sum" else 21) * n + d


def _check_depth(depth: int, n: int) -> None:
    if not 2 <= depth <= n:
        raise InvalidSample(
            f"depth = {depth}, but it should be from 2 to {n}, the number of distinct points"
        )


def _check_gaps(on_line: Floats, order: Indices) -> None:
    """Raise NotSeparated if the shift to the origin has rounded a gap away, or nearly."""
    close = np.diff(on_line) <= 2 * np.spacing(on_line[1:])
    if close.any():
        at = int(np.argmax(close))
        one, other = sorted(map(int, order[at : at + 2]))
        raise NotSeparated(one, other, "too close for float64 once places count from the first")


def _origin(places: Floats) -> float:
    """About a mean gap below the first place, a power of two away, so that little is rounded."""
    n = len(places)
    gap = max((places[-1] - places[0]) / max(n - 1, 1), 4 * np.spacing(abs(places[0])))
    return float(places[0] - 2.0 ** np.floor(np.log2(gap)))
