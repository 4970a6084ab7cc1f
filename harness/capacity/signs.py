"""Sign vectors: labelings of a sample by two classes, an array (labelings, n) of -1 and 1."""

import numpy as np

from harness.errors import CapacityError

MOST_POINTS = 12
"""Up to here all labelings are enumerated: 4,096 of them."""


def all_signs(points: int) -> np.ndarray:
    """Every labeling of ``points`` points, (2^points, points).

    Raises CapacityError for more than `MOST_POINTS`.
    """
    if not 1 <= points <= MOST_POINTS:
        raise CapacityError(
            f"a sample of {points:,} points has 2^{points:,} labelings, and at most"
            f" {2**MOST_POINTS:,} are enumerated: take 1 to {MOST_POINTS} points"
        )
    bits = np.arange(2**points)[:, None] >> np.arange(points)
    return (2 * (bits & 1) - 1).astype(np.float64)


def random_signs(points: int, draws: int, seed: int) -> np.ndarray:
    """Independent uniform signs, (draws, points)."""
    bits = np.random.default_rng([seed, points]).integers(0, 2, (draws, points))
    return (2 * bits - 1).astype(np.float64)
