"""Lemma 1's checks, and their rational algebra, against NumPy and by hand."""

from fractions import Fraction

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.expressivity import lemma1
from harness.expressivity.lemma1 import (
    characteristic_polynomial,
    rank,
    smallest_root_is,
)

SMALL = hnp.arrays(np.int64, st.integers(1, 5).map(lambda n: (n, n)), elements=st.integers(-3, 3))


def rational(matrix):
    return [[Fraction(int(entry)) for entry in row] for row in matrix]


def polynomial(*roots):
    """Coefficients of the product of (t - root)."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [*coefficients, Fraction(0)]
        for i, c in enumerate(coefficients):
            shifted[i + 1] -= Fraction(root) * c
        coefficients = shifted
    return coefficients


@given(SMALL)
def test_the_rank_is_numpys(matrix):
    assert rank(rational(matrix)) == np.linalg.matrix_rank(matrix)


@given(SMALL)
def test_the_characteristic_polynomial_is_numpys(matrix):
    found = [float(c) for c in characteristic_polynomial(rational(matrix))]
    np.testing.assert_allclose(found, np.poly(matrix.astype(float)), atol=1e-9)


ROOTS = st.lists(st.fractions(-5, 5, max_denominator=4), min_size=1, max_size=5)


@given(ROOTS, st.fractions(-5, 5, max_denominator=7))
def test_the_smallest_root_is_found(roots, point):
    coefficients = polynomial(*roots)
    for root in (*roots, point):
        assert smallest_root_is(coefficients, root) == (root == min(roots))


def test_float64_has_the_exact_matrix_rounded_once():
    points, breakpoints = [0.1, 1e16, 1e300], [-0.3, 0.7, 1e16 + 2]
    exact = lemma1.exact_matrix(points, breakpoints)
    found = lemma1.interleaving_matrix(points, breakpoints)
    np.testing.assert_array_equal(found, [[float(entry) for entry in row] for row in exact])


def test_a_wrong_solution_is_detected(monkeypatch):
    monkeypatch.setattr(
        lemma1.scipy.linalg,
        "solve_triangular",
        lambda matrix, ones, lower: np.linalg.solve(matrix, ones) * (1 + 2**-45),
    )
    assert not lemma1.solves_in_float64([1.0, 2.0], [0.0, 1.5])


def test_a_wrong_eigenvalue_is_detected(monkeypatch):
    assert lemma1.lapack_finds_the_least_gap([1.0, 2.0], [0.0, 1.7])
    monkeypatch.setattr(lemma1, "smallest_eigenvalue", lambda x, b: 2.0 - 1.7 + 2**-50)
    assert not lemma1.lapack_finds_the_least_gap([1.0, 2.0], [0.0, 1.7])


def test_arrays_of_integers_are_exact():
    points, breakpoints = np.array([1, 200], np.uint8), np.array([0, 100], np.uint8)
    assert lemma1.has_full_rank(points, breakpoints)
    assert lemma1.exact_matrix(points, breakpoints) == [[1, 0], [200, 100]]
