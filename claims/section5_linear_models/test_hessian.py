"""5-hessian: the Hessian of the risk is the same at every interpolating w, and degenerate.

Hypothesis draws data matrices of at most five examples, labels and one of six losses; Hessians are
taken by autograd. Controls: a two-layer network; no more features than examples.
"""

import pytest
from hypothesis import strategies as st

from claims.section5_linear_models.problems import SQUARE, TALL, gaussian, problems
from harness.evidence import AtMost, Equals, extreme
from harness.linear import hessian, interpolation
from harness.linear.losses import SMOOTH

pytestmark = pytest.mark.fast

ROUNDING = 1e-8
SOURCE = "Section 5: (1/n) X^T diag(beta) X; float64 rounding at condition numbers up to 100"
SIZES = {"largest_n": 5}
"""Second derivatives by autograd cost (d k)^2; the claim does not depend on size."""
OUTPUTS = st.sampled_from([0, 2])


def with_loss(**kinds):
    return st.tuples(problems(**SIZES, **kinds), st.sampled_from(SMOOTH))


def solutions(problem):
    w = interpolation.pseudo_inverse_solution(problem.x, problem.y)
    return w, interpolation.another_solution(problem.x, w, step=1.0, seed=problem.seed)


def judge_same(judge, name, samples, distance, which=max):
    name = f"{name}: largest relative distance of two Hessians"
    judge(
        extreme(name, samples, distance, which=which),
        Equals(0, source=SOURCE, tolerance=ROUNDING),
    )


@pytest.mark.claim("5-hessian")
def test_the_hessian_is_the_same_at_every_solution(judge):
    """By autograd at two solutions, and by the paper's formula, for six losses."""

    def apart(example):
        problem, loss = example
        one, other = (
            hessian.risk_hessian(problem.x, problem.y, w, loss) for w in solutions(problem)
        )
        formula = hessian.interpolation_hessian(problem.x, problem.y, loss)
        return max(hessian.distance(one, other), hessian.distance(one, formula))

    judge_same(judge, "linear model", with_loss(outputs=OUTPUTS), apart)


@pytest.mark.control("5-hessian")
def test_a_two_layer_network_has_other_hessians(judge):
    sizes = st.tuples(st.integers(2, 3), st.integers(4, 6), st.integers(0, 2**32 - 1))

    def apart(size):
        x, y = gaussian(size)
        return hessian.distance(*hessian.two_layer_hessians(x, y, 2 * len(x), 2.0, size[2]))

    judge_same(judge, "two-layer network", sizes, apart, which=min)


def flatness(example):
    problem, loss = example
    return hessian.flattest(hessian.interpolation_hessian(problem.x, problem.y, loss))


@pytest.mark.claim("5-hessian")
def test_the_hessian_is_degenerate(judge):
    """Its rank is at most n k, and it has d k rows: by autograd, where the labels are fitted."""

    def beyond_rank(example):
        problem, loss = example
        curvature = hessian.risk_hessian(problem.x, problem.y, solutions(problem)[0], loss)
        return hessian.flattest(curvature, curved=problem.n * max(problem.outputs, 1))

    name = "d > n: eigenvalue n k + 1 over the largest"
    judge(
        extreme(name, with_loss(outputs=OUTPUTS), beyond_rank),
        AtMost(ROUNDING, source="Section 5: degenerate, of rank n; the bound is float64 rounding"),
    )


@pytest.mark.control("5-hessian")
@pytest.mark.parametrize(("name", "wider"), [("d = n", SQUARE), ("d < n", TALL)])
def test_full_column_rank_leaves_no_flat_direction(name, wider, judge):
    """The text says d >= n; at d = n, X^T diag(beta) X has full rank whenever X has."""
    name = f"{name}: smallest over largest eigenvalue"
    judge(
        extreme(name, with_loss(wider=wider), flatness, which=min),
        AtMost(ROUNDING, source="Section 5: degenerate; the bound is float64 rounding"),
    )
