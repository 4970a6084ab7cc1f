"""Sign vectors: labelings of a sample by two classes, an array (labelings, n) of -1 and 1."""

import math

import numpy as np

from harness.errors import CapacityError

MOST_POINTS = 12
"""Up to here all labelings are enumerated: 4,096 of them."""


def all_signs(points: int) -> np.ndarray:
    """Every labeling of ``points`` points, (2^points, points).

    Raises CapacityError where there are too many to enumerate, and says how many.
    """
    if not 1 <= points <= MOST_POINTS:
        raise CapacityError(
            f"a sample of {points:,} points has 2^{points:,} labelings{_many(points)}, and at most"
            f" {2**MOST_POINTS:,} are enumerated: take 1 to {MOST_POINTS} points"
        )
    bits = np.arange(2**points)[:, None] >> np.arange(points)
    return (2 * (bits & 1) - 1).astype(np.float64)


def _many(points: int) -> str:
    digits = points * math.log10(2)
    return (
        f", {2**points:,}" if 0 < digits < 10 else f", about 1e{digits:.0f}" if digits > 0 else ""
    )


def random_signs(points: int, draws: int, seed: int) -> np.ndarray:
    """Independent uniform signs, (draws, points); raises CapacityError for less than one."""
    if points < 1 or draws < 1:
        raise CapacityError(f"{draws} draws of {points} signs: take at least one of each")
    bits = np.random.default_rng([seed, points]).integers(0, 2, (draws, points))
    return (2 * bits - 1).astype(np.float64)


def check_signs(signs: np.ndarray, points: int) -> np.ndarray:
    """The signs as an array (labelings, n); raises CapacityError for other labels or shapes."""
    signs = np.asarray(signs, dtype=np.float64)
    if signs.ndim != 2 or signs.shape[1] != points or not len(signs):
        raise CapacityError(
            f"signs of shape {signs.shape} for {points:,} points, but it should be"
            f" (labelings, {points})"
        )
    if strange := sorted(set(np.unique(signs)) - {-1.0, 1.0}):
        raise CapacityError(
            f"{strange[0]:g} is a label, but these measures are of two classes: give -1 and 1"
        )
    return signs


def check_points(points: np.ndarray) -> np.ndarray:
    """The sample as an array (n, d) of finite numbers; raises CapacityError otherwise."""
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or not points.size:
        raise CapacityError(f"a sample of shape {points.shape}, but it should be (n, d)")
    if not np.isfinite(points).all():
        raise CapacityError("the sample holds values that are not finite: leave these points out")
    return points
