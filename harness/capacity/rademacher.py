"""Empirical Rademacher complexity: E over signs of sup over h of the mean of sigma_i h(x_i).

As the paper defines it in section 2.2, for functions with values in [-1, 1], without the factor
2 and the absolute value of Bartlett & Mendelson 2003. A correlation with a function that has been
found (by training, say) is a lower bound on the supremum, never more.
"""

from typing import Protocol

import numpy as np

from harness.capacity.signs import check_points, check_signs
from harness.errors import CapacityError

ROUNDING = 1e-6
"""How far beyond 1 a value may lie: images are whitened in float32."""


class FunctionClass(Protocol):
    """Functions on R^d with values in [-1, 1], as far as a sample sees them."""

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Values (labelings, n) on ``points`` (n, d) of the function chosen for each labeling.

        The one that correlates best with it, where the class knows that one.
        """


def correlations(values: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """The mean of sigma_i h(x_i) for each labeling, (labelings,), from ``values`` (labelings, n).

    Raises CapacityError where a value lies outside [-1, 1] or a label is neither -1 nor 1.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2:
        raise CapacityError(f"values of shape {values.shape}, but it should be (labelings, n)")
    signs = check_signs(signs, values.shape[1])
    if values.shape != signs.shape:
        raise CapacityError(
            f"values of shape {values.shape} for signs of shape {signs.shape}: one row a labeling"
        )
    largest = float(np.max(np.abs(values))) if np.isfinite(values).all() else float("nan")
    if not largest <= 1 + ROUNDING:
        raise CapacityError(
            f"a function takes the value {largest:g}, but it should stay in [-1, 1]: clip it, or"
            " divide by its largest value"
        )
    return (values * signs).mean(axis=1)


def best_correlations(
    functions: FunctionClass, points: np.ndarray, signs: np.ndarray
) -> np.ndarray:
    """What the class attains for each labeling, (labelings,); their mean estimates the complexity.

    A lower bound on the supremum for each labeling, equal to it where the class's ``fit`` finds
    the best function. Raises CapacityError as `correlations` does.
    """
    points = check_points(points)
    signs = check_signs(signs, len(points))
    return correlations(functions.fit(points, signs), signs)
