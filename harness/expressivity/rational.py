"""Linear algebra in rational arithmetic: a result is proved for that very matrix.

Nothing here knows that a matrix is triangular: Lemma 1 is checked by these functions.
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

Matrix = Sequence[Sequence[Fraction]]


def rank(matrix: Matrix) -> int:
    """The rank, by Gaussian elimination."""
    rows = [list(row) for row in matrix]
    done = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in range(done, len(rows)) if rows[r][column] != 0), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        for row in rows[done + 1 :]:
            factor = row[column] / rows[done][column]
            if factor:
                row[:] = [a - factor * b for a, b in zip(row, rows[done], strict=True)]
        done += 1
    return done


def characteristic_polynomial(matrix: Matrix) -> list[Fraction]:
    """Coefficients of det(t I - A), the leading one first, by the method of Faddeev and LeVerrier.

    O(n^4) operations on numbers that grow: for a dozen rows.
    """
    rows = np.array(matrix, dtype=object)
    identity = np.eye(len(rows), dtype=object)
    product, coefficients = 0 * identity, [Fraction(1)]
    for step in range(1, len(rows) + 1):
        product = rows @ (product + coefficients[-1] * identity)
        coefficients.append(-product.trace() / step)
    return coefficients


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
