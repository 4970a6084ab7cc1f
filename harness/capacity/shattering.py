"""Shattering: whether a class realises every labeling of a sample, by a margin (section 2.2)."""

import numpy as np

from harness.capacity.rademacher import FunctionClass, correlations
from harness.capacity.signs import all_signs, check_points
from harness.errors import CapacityError


def realised_labelings(
    functions: FunctionClass, points: np.ndarray, margin: float = 0.0
) -> np.ndarray:
    """Which of all 2^n labelings of ``points`` (n, d) the class was found to realise, (2^n,).

    By more than 0 without a margin; with one, sigma_i h(x_i) >= margin for all i, which shatters
    the sample at that width with the witnesses r_i = 0. Raises CapacityError for a sample that is
    too large to enumerate, and a margin outside [0, 1].
    """
    if not 0 <= margin <= 1:
        raise CapacityError(f"a margin of {margin:g}, but it should be in [0, 1], as the values")
    points = check_points(points)
    signs = all_signs(len(points))
    values = functions.fit(points, signs)
    correlations(values, signs)  # Refuses what leaves [-1, 1].
    smallest = (values * signs).min(axis=1)
    return (smallest > 0) & (smallest >= margin)


def shatters(functions: FunctionClass, points: np.ndarray, margin: float = 0.0) -> bool:
    """Whether every labeling of ``points`` (n, d) was realised: VC (or fat) dimension >= n.

    Proof where it is true. Where it is false, proof only for a class whose ``fit`` misses nothing
    (affine functions); of trained networks it says that training did not find one. Raises
    CapacityError as `realised_labelings` does.
    """
    return bool(realised_labelings(functions, points, margin).all())


def radon_labels(points: np.ndarray) -> np.ndarray:
    """A labeling (d + 2,) of d + 2 points that no affine function realises (Radon 1921).

    The sides of an affine dependence, sum a_i x_i = 0 with sum a_i = 0: the convex hulls of the
    two sides meet. Raises CapacityError for another number of points.
    """
    points = check_points(points)
    n, d = points.shape
    if n != d + 2:
        raise CapacityError(f"{n} points in {d} dimensions, but it should be {d + 2}")
    homogeneous = np.hstack([points, np.ones((n, 1))])
    dependence = np.linalg.svd(homogeneous.T)[2][-1]
    return np.where(dependence >= 0, 1.0, -1.0)
