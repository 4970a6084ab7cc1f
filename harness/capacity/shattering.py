"""Shattering: whether a class realises every labeling of a sample, by a margin (section 2.2)."""

import numpy as np

from harness.capacity.rademacher import FunctionClass, correlations
from harness.capacity.signs import all_signs


def realised_labelings(
    functions: FunctionClass, points: np.ndarray, margin: float = 0.0
) -> np.ndarray:
    """Which of all 2^n labelings of ``points`` (n, d) the class was found to realise, (2^n,).

    By more than 0 without a margin. With one, sigma_i h(x_i) >= margin for all i, which shatters
    the sample at that width with the witnesses r_i = 0. If all are realised, the VC (or fat)
    dimension is at least n. One that is missed is a proof only for a class whose ``fit`` misses
    nothing (affine functions), not for trained networks. Raises CapacityError for a sample that is
    too large to enumerate.
    """
    signs = all_signs(len(points))
    values = functions.fit(points, signs)
    correlations(values, signs)  # Refuses values outside [-1, 1].
    smallest = (values * signs).min(axis=1)
    return (smallest > 0) & (smallest >= margin)
