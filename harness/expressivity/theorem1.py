"""Theorem 1: a two-layer ReLU network with 2n + d weights through any n points.

>>> import numpy as np
>>> points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
>>> fit = fit_theorem1(points, [3.0, -1.0, 2.0])
>>> sum(parameter.numel() for parameter in fit.network.parameters())
8
>>> fit.evaluate(points).round(12)
array([ 3., -1.,  2.])
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from harness.errors import InvalidSample
from harness.expressivity.bounds import ErrorBounds, error_bounds
from harness.expressivity.hinges import (
    JUST_ABOVE,
    place_breakpoints,
    representable,
    slope_quanta,
    solve_slopes,
    weights_of,
)
from harness.expressivity.piecewise import PiecewiseLinear
from harness.expressivity.points import Floats, as_points, as_targets
from harness.expressivity.projection import Projection, project, separate

if TYPE_CHECKING:
    from harness.expressivity.network import HingeNetwork


@dataclass(frozen=True)
class Fit:
    """A network through a sample: its weights, its error bounds, and two ways to evaluate it."""

    projection: Projection
    breakpoints: Floats
    """Vector b of Theorem 1, ascending, shape (n,)."""
    slopes: Floats
    """Slope right of each breakpoint, shape (n, c): sums of the first weights, exactly."""
    quanta: Floats
    """Powers of two of which the slopes are multiples, shape (n, c)."""
    targets: Floats
    """Of the distinct points in the order of their places, shape (n, c)."""
    one_output: bool
    """Whether the targets came as a vector."""

    @property
    def n(self) -> int:
        """Distinct points."""
        return len(self.breakpoints)

    @property
    def direction(self) -> Floats:
        """Vector a of Theorem 1, shape (d,)."""
        return self.projection.direction.vector

    @cached_property
    def weights(self) -> Floats:
        """Vector w of Theorem 1, shape (n,), or (n, c) for c outputs."""
        weights = weights_of(self.slopes)
        return weights[:, 0] if self.one_output else weights

    @cached_property
    def network(self) -> "HingeNetwork":
        """The network as a module in float64, with (c + 1) n + d weights for c outputs."""
        from harness.expressivity.network import HingeNetwork

        return HingeNetwork(self.direction, self.breakpoints, self.weights)

    @cached_property
    def function(self) -> PiecewiseLinear:
        """The network as a function of the place on the line."""
        return PiecewiseLinear.from_slopes(self.breakpoints, self.slopes)

    @cached_property
    def bounds(self) -> ErrorBounds:
        """Bounds on the errors at the sample, known before any evaluation."""
        return error_bounds(
            self.projection.places,
            self.breakpoints,
            self.slopes,
            self.quanta,
            self.targets,
            self.projection.direction,
        )

    def evaluate(self, points: ArrayLike) -> Floats:
        """Values (m,) or (m, c) at points (m, d), through the sorted breakpoints.

        O(d + log n) a point, with compensated sums: the network's values up to rounding.
        """
        array = as_points(points)
        if array.shape[1] != len(self.direction):
            raise InvalidSample(
                f"points have {array.shape[1]} dimensions, but the network has"
                f" {len(self.direction)}"
            )
        values = self.function(project(array, self.direction[:, None])[:, 0])
        return values[:, 0] if self.one_output else values


def fit_theorem1(
    points: ArrayLike,
    targets: ArrayLike,
    *,
    placement: float = JUST_ABOVE,
    seed: int = 0,
    directions: int = 4,
) -> Fit:
    """Build the network of Theorem 1 through points (n, d) with targets (n,) or (n, c).

    O(n log n + n d) in time, O(n) in memory beside the points. ``placement``: see `hinges`;
    ``directions``: random projections of which the best is taken, drawn from ``seed``.
    Equal points with equal targets are merged, with a warning in the log. Raises InvalidSample,
    ConflictingTargets for equal points with different targets, and NotSeparated, with the pair,
    if float64 cannot hold two points or two targets apart.
    """
    array = as_points(points)
    wanted = as_targets(targets, len(array))
    one_output = wanted.ndim == 1
    wanted = wanted.reshape(len(array), -1)
    projection = separate(array, wanted, seed, directions)
    places, order = projection.places, projection.order
    breakpoints = place_breakpoints(places, placement)
    wanted = wanted[order]
    slopes = solve_slopes(places, breakpoints, wanted, order)
    quanta = slope_quanta(slopes)
    return Fit(projection, breakpoints, representable(slopes, quanta), quanta, wanted, one_output)
