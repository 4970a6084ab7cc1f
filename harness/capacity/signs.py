"""Sign vectors: labelings of a sample by two classes, an array (labelings, n) of -1 and 1."""

import numpy as np


def all_signs(points: int) -> np.ndarray:
    """Every labeling of ``points`` points, (2^points, points)."""
    bits = np.arange(2**points)[:, None] >> np.arange(points)
    return (2 * (bits & 1) - 1).astype(np.float64)


def random_signs(points: int, draws: int, seed: int) -> np.ndarray:
    """Independent uniform signs, (draws, points)."""
    bits = np.random.default_rng([seed, points]).integers(0, 2, (draws, points))
    return (2 * bits - 1).astype(np.float64)
