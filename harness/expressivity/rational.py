"""Linear algebra in rational arithmetic: what is found is proved, for that very matrix.

Nothing here knows of triangles; Lemma 1 is checked by these functions, not assumed in them.
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction

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
    n = len(matrix)
    power = [[Fraction(0)] * n for _ in range(n)]
    coefficients = [Fraction(1)]
    for step in range(1, n + 1):
        for i in range(n):
            power[i][i] += coefficients[-1]
        power = [
            [sum((row[k] * power[k][j] for k in range(n)), Fraction(0)) for j in range(n)]
            for row in matrix
        ]
        coefficients.append(-sum((power[i][i] for i in range(n)), Fraction(0)) / step)
    return coefficients


def without_root(coefficients: Sequence[Fraction], root: Fraction) -> list[Fraction] | None:
    """Divide a polynomial by (t - root), exactly; None where that is no root."""
    quotient = [coefficients[0]]
    for coefficient in coefficients[1:]:
        quotient.append(coefficient + root * quotient[-1])
    return quotient[:-1] if quotient[-1] == 0 else None


def sign_changes(coefficients: Sequence[Fraction]) -> int:
    """Descartes: no more positive roots than sign changes of the coefficients."""
    signs = [c > 0 for c in coefficients if c != 0]
    return sum(one != other for one, other in itertools.pairwise(signs))


def smallest_real_root_is(coefficients: Sequence[Fraction], root: Fraction) -> bool:
    """Whether ``root`` is a root, and no real root lies below it; exact.

    Divides by (t - root) while that leaves no rest, then counts the roots below by Sturm's
    theorem.
    """
    rest = without_root(coefficients, root)
    if rest is None:
        return False
    while (further := without_root(rest, root)) is not None and len(rest) > 1:
        rest = further
    return roots_below(rest, root) == 0


def roots_below(coefficients: Sequence[Fraction], point: Fraction) -> int:
    """The number of distinct real roots below a point that is none itself (Sturm's theorem)."""
    chain = [list(coefficients)]
    degree = len(coefficients) - 1
    derivative = [c * (degree - i) for i, c in enumerate(coefficients[:-1])]
    while derivative and any(derivative):
        chain.append(derivative)
        derivative = [-c for c in _remainder(chain[-2], chain[-1])]
    at_point = [_value(p, point) for p in chain]
    at_minus_infinity = [p[0] * (-1) ** ((len(p) - 1) % 2) for p in chain]
    return sign_changes(at_minus_infinity) - sign_changes(at_point)


def _value(coefficients: Sequence[Fraction], at: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in coefficients:
        total = total * at + coefficient
    return total


def _remainder(dividend: Sequence[Fraction], divisor: Sequence[Fraction]) -> list[Fraction]:
    rest = list(dividend)
    while len(rest) >= len(divisor):
        factor = rest[0] / divisor[0]
        for i, c in enumerate(divisor):
            rest[i] -= factor * c
        rest.pop(0)
    while rest and rest[0] == 0:
        rest.pop(0)
    return rest
