"""Interpolation by linear models: which labels they fit, and with which weights.

Section 5 and equation (3). X is (n, d), one example a row; targets y are (n,) or (n, k); weights
are (d,) or (d, k). All in float64.
"""

import numpy as np
import scipy.linalg

from harness.errors import HarnessError

Array = np.ndarray


def examples_matrix(n: int, d: int, singular_values: Array, seed: int) -> Array:
    """A matrix (n, d) with these singular values, at most min(n, d), in random directions."""
    draw = np.random.default_rng(seed)
    left = _orthogonal(n, len(singular_values), draw)
    right = _orthogonal(d, len(singular_values), draw)
    return (left * singular_values) @ right.T


def rank(x: Array) -> int:
    """The number of singular values above rounding (numpy's default tolerance)."""
    return int(np.linalg.matrix_rank(x))


def pseudo_inverse_solution(x: Array, y: Array) -> Array:
    """The weights of least squares, and among them of least norm."""
    return scipy.linalg.pinv(x) @ y


def gram_solution(x: Array, y: Array) -> Array:
    """``X^T alpha`` with ``X X^T alpha = y``: equation (3).

    Raises HarnessError if X X^T is singular: n > d, or dependent examples.
    """
    if rank(x) < len(x):
        raise HarnessError(
            f"X X^T of {len(x)} examples has rank {rank(x)}: equation (3) has no unique solution;"
            " take independent examples, or the pseudo-inverse"
        )
    return x.T @ scipy.linalg.solve(x @ x.T, y, assume_a="sym")


def solution_dimensions(x: Array) -> int:
    """The dimension of the affine space of all solutions of ``X w = y``, if there is one."""
    return x.shape[1] - rank(x)


def another_solution(x: Array, w: Array, step: float, seed: int) -> Array:
    """A solution at the distance ``step * |w|`` from a solution w, in a random direction.

    The same w if X has full column rank: there is no other.
    """
    draw = np.random.default_rng(seed)
    direction = off_span(x, draw.standard_normal(w.shape))
    length = np.linalg.norm(direction)
    if solution_dimensions(x) == 0 or length == 0:
        return w.copy()
    return w + direction * (step * max(float(np.linalg.norm(w)), 1.0) / float(length))


def off_span(x: Array, w: Array) -> Array:
    """The part of w that is orthogonal to every example."""
    right = scipy.linalg.orth(x.T)
    rest = w - right @ (right.T @ w)
    return rest - right @ (right.T @ rest)  # Twice: the first pass leaves rounding of |w|.


def misfit(x: Array, y: Array, w: Array) -> float:
    """``|X w - y| / |y|``, the relative distance from interpolation."""
    return float(np.linalg.norm(x @ w - y) / max(np.linalg.norm(y), np.finfo(float).tiny))


def _orthogonal(rows: int, columns: int, draw: np.random.Generator) -> Array:
    return np.linalg.qr(draw.standard_normal((rows, columns)))[0]
