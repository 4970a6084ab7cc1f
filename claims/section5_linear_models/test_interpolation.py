"""5-any-labels: with d >= n features of rank n, any labels are fitted, by infinitely many w.

Hypothesis draws data matrices of at most twelve examples and labels. Controls: rank n - 1; d = n
and d < n.
"""

import numpy as np
import pytest
from hypothesis import strategies as st

from claims.section5_linear_models.problems import SQUARE, TALL, problems
from harness.evidence import AtLeast, Equals, extreme
from harness.linear import interpolation as linear

pytestmark = pytest.mark.fast

ROUNDING = 1e-9
SOURCE = "Section 5; float64 rounding at condition numbers up to 100"
OUTPUTS = st.sampled_from([0, 1, 3])


def misfit(problem):
    w = linear.pseudo_inverse_solution(problem.x, problem.y)
    return linear.misfit(problem.x, problem.y, w)


def judge_fit(judge, name, strategy):
    judge(
        extreme(f"{name}: largest |Xw - y| / |y|", strategy, misfit),
        Equals(0, source=SOURCE, tolerance=ROUNDING),
    )


@pytest.mark.claim("5-any-labels")
@pytest.mark.parametrize(("name", "wider"), [("d > n", None), ("d = n", SQUARE)])
def test_any_labels_are_fitted(name, wider, judge):
    judge_fit(judge, name, problems(wider, outputs=OUTPUTS))


def judge_dimensions(judge, name, wider):
    def dimensions(problem):
        return linear.solution_dimensions(problem.x)

    name = f"{name}: dimensions of the solution set"
    judge(
        extreme(name, problems(wider), dimensions, "dimensions", which=min),
        AtLeast(1, source="Section 5: an infinite number of solutions"),
    )


@pytest.mark.claim("5-any-labels")
def test_infinitely_many_weights_fit(judge):
    """The solutions are an affine space: every combination of two is one, and some differ."""
    judge_dimensions(judge, "d > n", None)

    def combined(problem):
        x, y = problem.x, problem.y
        w = linear.pseudo_inverse_solution(x, y)
        other = linear.another_solution(x, w, step=2.0, seed=problem.seed)
        assert not np.allclose(w, other)
        weights = (-3.0, 0.5, 4.0)
        return max(linear.misfit(x, y, t * w + (1 - t) * other) for t in weights)

    name = "largest misfit of an affine combination"
    judge(
        extreme(name, problems(outputs=OUTPUTS), combined),
        Equals(0, source=SOURCE, tolerance=100 * ROUNDING),
    )


@pytest.mark.control("5-any-labels")
def test_labels_are_not_fitted_below_rank_n(judge):
    judge_fit(judge, "rank n - 1", problems(rank_lost=1))


@pytest.mark.control("5-any-labels")
@pytest.mark.parametrize(("name", "wider"), [("d = n", SQUARE), ("d < n", TALL)])
def test_full_column_rank_has_one_solution_at_most(name, wider, judge):
    """The text says d >= n; at d = n an X of full rank is invertible."""
    judge_dimensions(judge, name, wider)
