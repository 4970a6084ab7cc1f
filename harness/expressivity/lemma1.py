"""Lemma 1: the matrix of two interleaving sequences has full rank; its smallest eigenvalue.

For b_1 < x_1 < b_2 < x_2 < ... < b_n < x_n the matrix A = [max(x_i - b_j, 0)] is lower triangular.
It is checked in rational arithmetic, by functions that do not know that.
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from harness.expressivity.exact import Number, rational_numbers
from harness.expressivity.points import Floats

Matrix = Sequence[Sequence[Fraction]]


def rank(matrix: Matrix) -> int:
    """The rank, by Gaussian elimination."""
    return _of_sympy(matrix).rank()


def characteristic_polynomial(matrix: Matrix) -> list[Fraction]:
    """Coefficients of det(t I - A), the leading one first."""
    return [Fraction(int(it.numerator), int(it.denominator)) for it in _of_sympy(matrix).charpoly()]


def _of_sympy(matrix: Matrix) -> Any:
    from sympy.polys.domains import QQ  # A third of a second, which no collection should take.
    from sympy.polys.matrices import DomainMatrix

    rows = [[QQ(it.numerator, it.denominator) for it in row] for row in matrix]
    return DomainMatrix(rows, (len(rows), len(rows[0])), QQ)


def smallest_root_is(coefficients: Sequence[Fraction], root: Fraction) -> bool:
    """Whether ``root`` is proved to be the smallest real root of a polynomial.

    p(root) = 0, and the coefficients of p(root - s) do not change sign: by Descartes' rule there is
    no root with s > 0. If all roots are real, as those of a triangular matrix are, the proof
    succeeds whenever the statement is true.
    """
    shifted = list(coefficients)
    for stop in range(len(shifted), 1, -1):  # Horner's rule, repeated: p(root + s).
        for i in range(1, stop):
            shifted[i] += root * shifted[i - 1]
    mirrored = [c * (-1) ** i for i, c in enumerate(shifted)]
    signs = [c > 0 for c in mirrored if c != 0]
    return shifted[-1] == 0 and not any(one != other for one, other in itertools.pairwise(signs))


def interleaving_matrix(points: ArrayLike, breakpoints: ArrayLike) -> Floats:
    """The matrix A of Lemma 1 in float64, shape (n, n); interleaving is not required.

    Each entry is the float64 nearest to the exact difference: wrong by 2^-53 of itself at most.
    """
    x, b = (np.asarray(sequence, dtype=np.float64) for sequence in (points, breakpoints))
    return np.maximum(np.subtract.outer(x, b), 0.0)


def exact_matrix(points: Sequence[Number], breakpoints: Sequence[Number]) -> list[list[Fraction]]:
    """The matrix A of Lemma 1 in rational arithmetic; float64 numbers are rationals."""
    x, b = (rational_numbers(part) for part in (points, breakpoints))
    return [[max(own - other, Fraction(0)) for other in b] for own in x]


def interleave(
    points: Sequence[Number] | np.ndarray, breakpoints: Sequence[Number] | np.ndarray
) -> bool:
    """Whether b_1 < x_1 < b_2 < x_2 < ... < b_n < x_n."""
    merged = [number for pair in zip(breakpoints, points, strict=True) for number in pair]
    return all(one < other for one, other in itertools.pairwise(merged))


def has_full_rank(points: Sequence[Number], breakpoints: Sequence[Number]) -> bool:
    """Whether A has full rank, by exact elimination."""
    matrix = exact_matrix(points, breakpoints)
    return rank(matrix) == len(matrix)


def smallest_eigenvalue_is_least_gap(
    points: Sequence[Number], breakpoints: Sequence[Number]
) -> bool:
    """Whether the smallest real eigenvalue of A is min(x_i - b_i), exactly.

    By the characteristic polynomial of A and Descartes' rule, which do not use its shape.
    """
    matrix = exact_matrix(points, breakpoints)
    least = min(Fraction(x) - Fraction(b) for x, b in zip(points, breakpoints, strict=True))
    return smallest_root_is(characteristic_polynomial(matrix), least)


def solves_in_float64(points: Sequence[float], breakpoints: Sequence[float]) -> bool:
    """Whether forward substitution in float64 leaves |A w - 1| <= n u / (1 - n u) |A||w|.

    For each row, u = 2^-53 (Higham, *Accuracy and Stability*, 2002, Theorem 8.5), the residual
    taken in rational arithmetic. For points whose differences are float64 numbers exactly.
    """
    matrix = interleaving_matrix(points, breakpoints)
    n = len(matrix)
    weights = scipy.linalg.solve_triangular(matrix, np.ones(n), lower=True)
    allowed = Fraction(n, 2**53) / (1 - Fraction(n, 2**53))
    for row in matrix.tolist():
        terms = [Fraction(a) * Fraction(w) for a, w in zip(row, weights.tolist(), strict=True)]
        if abs(sum(terms) - 1) > allowed * sum(map(abs, terms)):
            return False
    return True


def lapack_finds_the_least_gap(points: Sequence[float], breakpoints: Sequence[float]) -> bool:
    """Whether LAPACK's smallest eigenvalue of A is min(x_i - b_i), up to one rounding."""
    least = min(Fraction(x) - Fraction(b) for x, b in zip(points, breakpoints, strict=True))
    found = Fraction(smallest_eigenvalue(points, breakpoints))
    return abs(found - least) <= least / 2**53


def example() -> dict[str, list[float]]:
    """Interleaving sequences for the report's figure."""
    return {"points": [1.0, 2.1, 3.6, 4.2, 6.0], "breakpoints": [0.2, 1.5, 2.4, 3.9, 4.8]}


def smallest_eigenvalue(points: ArrayLike, breakpoints: ArrayLike) -> float:
    """The smallest eigenvalue of A as LAPACK computes it in float64."""
    eigenvalues = np.linalg.eigvals(interleaving_matrix(points, breakpoints))
    return float(eigenvalues.real.min())


def smallest_singular_value(points: ArrayLike, breakpoints: ArrayLike) -> float:
    """The smallest singular value of A, in float64: what bounds the norm of the weights."""
    matrix = interleaving_matrix(points, breakpoints)
    return float(np.linalg.svd(matrix, compute_uv=False)[-1])
