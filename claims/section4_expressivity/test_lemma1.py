"""4-lemma1-rank, 4-lemma1-eig: for b1 < x1 < b2 < ... [max(x_i - b_j, 0)] has full rank.

Its smallest eigenvalue is min(x_i - b_i). Hypothesis draws the sequences; each is decided in
rational arithmetic, by elimination and by the characteristic polynomial, neither of which uses that
the matrix is triangular. In float64 two statements are exact bounds.
"""

import pytest

from harness.evidence import Equals, FigureData, find_counterexample
from harness.expressivity import adversarial, lemma1

pytestmark = pytest.mark.fast

SOURCE = "Lemma 1"


def judge_rank(judge, samples, figure=None, smallest=True):
    judge(
        find_counterexample(
            "full rank, in rational arithmetic",
            lambda s: lemma1.has_full_rank(*s),
            samples,
            smallest,
        ),
        Equals(0, source=SOURCE),
        figure=figure,
    )


def judge_eigenvalue(judge, samples, smallest=True):
    judge(
        find_counterexample(
            "smallest eigenvalue is min(xi - bi), in rational arithmetic",
            lambda s: lemma1.smallest_eigenvalue_is_least_gap(*s),
            samples,
            smallest,
        ),
        Equals(0, source=SOURCE),
    )


@pytest.mark.claim("4-lemma1-rank")
def test_the_interleaving_matrix_has_full_rank(judge):
    example = FigureData("lemma1-interleaving", lemma1.example())
    judge_rank(judge, adversarial.interleavings(adversarial.numbers()), example)
    judge(
        find_counterexample(
            "float64 solves A w = y, to a residual of n 2^-53 |A||w|",
            lambda s: lemma1.solves_in_float64(*s),
            adversarial.interleavings(adversarial.moderate_numbers(), largest=12),
        ),
        Equals(0, source="Lemma 1; the bound: Higham 2002, Theorem 8.5"),
    )


@pytest.mark.control("4-lemma1-rank")
def test_a_point_on_its_breakpoint_takes_the_rank_away(judge):
    samples = adversarial.broken_interleavings(adversarial.numbers(), touching=True)
    judge_rank(judge, samples, smallest=False)


@pytest.mark.claim("4-lemma1-eig")
def test_the_smallest_eigenvalue_is_the_smallest_distance(judge):
    judge_eigenvalue(judge, adversarial.interleavings(adversarial.numbers(), largest=5))
    judge(
        find_counterexample(
            "LAPACK's smallest eigenvalue is within 2^-53 of it, relatively",
            lambda s: lemma1.lapack_finds_the_least_gap(*s),
            adversarial.interleavings_in_lapacks_range(),
        ),
        Equals(0, source="Lemma 1; one rounding of a difference"),
    )


@pytest.mark.control("4-lemma1-eig")
def test_a_breakpoint_beyond_its_point_makes_the_smallest_eigenvalue_another(judge):
    samples = adversarial.broken_interleavings(adversarial.numbers(), touching=False)
    judge_eigenvalue(judge, samples, smallest=False)
