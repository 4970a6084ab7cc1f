"""Empirical Rademacher complexity: E over signs of sup over h of the mean of sigma_i h(x_i).

As the paper defines it in section 2.2, for functions with values in [-1, 1], without the factor
2 and the absolute value of Bartlett & Mendelson 2003. The correlation with a function that was
found, by training for example, is a lower bound on the supremum.
"""

from typing import Protocol

import numpy as np


class FunctionClass(Protocol):
    """Functions on R^d with values in [-1, 1], as far as a sample sees them."""

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Values (labelings, n) on ``points`` (n, d) of the function chosen for each labeling.

        The one that correlates best with it, if the class can find that one.
        """


def best_correlations(
    functions: FunctionClass, points: np.ndarray, signs: np.ndarray
) -> np.ndarray:
    """The mean of sigma_i h(x_i) for each labeling, (labelings,), which estimate the complexity.

    A lower bound on the supremum, equal to it if the class's ``fit`` finds the best function.
    """
    return (functions.fit(points, signs) * signs).mean(axis=1)
