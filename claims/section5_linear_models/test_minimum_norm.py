"""5-span, 5-minnorm: SGD from zero stays in the span of the data, and ends at least norm.

Hypothesis draws systems of at most twelve examples with more features, losses, batches and step
sizes. Controls: a start off the span; Adam.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import strategies as st

from claims.section5_linear_models.problems import DENSE, Problem, gaussian, problems
from harness.evidence import AtMost, Equals, extreme
from harness.linear import interpolation, trajectory
from harness.linear.losses import LOSSES

pytestmark = pytest.mark.fast

STEPS = 40
SPAN_ROUNDING = 1e-10
SPAN_SOURCE = "Section 5: w = X^T alpha; the tolerance is float64 rounding of the largest weights"


@dataclass(frozen=True)
class Descent:
    """A system, a loss, batches and step sizes: whatever SGD may be run with."""

    problem: Problem
    loss: str
    batch: int
    steps: tuple[float, ...]

    @property
    def batches(self):
        draw = np.random.default_rng([self.problem.seed, 2])
        size = min(self.batch, self.problem.n)
        return [draw.choice(self.problem.n, size, replace=False) for _ in self.steps]


DESCENTS = st.builds(
    Descent,
    problems(outputs=st.sampled_from([0, 2])),
    st.sampled_from(sorted(LOSSES)),
    st.integers(1, 5),
    # From hardly a step to far beyond stability: a trajectory that diverges is in the span, too.
    st.lists(st.floats(1e-6, 10.0), min_size=1, max_size=STEPS).map(tuple),
)


def judge_span(judge, name, samples, off, which=max):
    judge(
        extreme(f"{name}: largest part off the span", samples, off, which=which),
        Equals(0, source=SPAN_SOURCE, tolerance=SPAN_ROUNDING),
    )


@pytest.mark.claim("5-span")
def test_sgd_from_zero_stays_in_the_span(judge):
    def off(descent):
        x, y = descent.problem.x, descent.problem.y
        start = np.zeros((descent.problem.d, *y.shape[1:]))
        path = trajectory.sgd_trajectory(
            x, y, descent.loss, descent.batches, np.array(descent.steps), start
        )
        return trajectory.distance_from_span(x, path)

    judge_span(judge, "SGD from zero, any loss, order, batch and step", DESCENTS, off)


def started_outside(size):
    """SGD on a dense sample, from a random start: where it ends."""
    x, y = gaussian(size)
    start = np.random.default_rng([size[2], 3]).standard_normal(x.shape[1])
    return x, y, trajectory.sgd_solution(x, y, passes=100, seed=size[2], start=start)


def by_adam(size):
    """On at most three examples, where it interpolates within these steps."""
    x, y = gaussian((min(size[0], 3), 6 + size[1] % 3, size[2]))
    return x, y, trajectory.adam_solution(x, y, steps=100, rate=0.1)


@pytest.mark.control("5-span")
@pytest.mark.parametrize("broken", ["a start off the span", "Adam"])
def test_other_descents_leave_the_span(broken, judge):
    end = {"a start off the span": started_outside, "Adam": by_adam}[broken]

    def off(size):
        x, _, w = end(size)
        return trajectory.distance_from_span(x, w[None])

    judge_span(judge, broken, DENSE, off, which=min)


# --- 5-minnorm -------------------------------------------------------------------------------

CONVERGED = 1e-6
FITTED = 0.2
WELL_CONDITIONED = st.tuples(
    st.integers(2, 6), st.integers(1, 12), st.floats(1.0, 3.0), st.integers(0, 2**32 - 1)
)
"""n, d - n, the condition number, the seed: SGD converges within the passes below."""
PASSES = 400


def conditioned(example):
    n, more, condition, seed = example
    values = np.linspace(1.0, condition, n)
    x = interpolation.examples_matrix(n, n + more, values, seed)
    return x, np.random.default_rng([seed, 4]).standard_normal(n)


def apart(one, other):
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def judge_minimum(judge, name, samples, distance, tolerance, which=max):
    name = f"{name}: largest relative distance from the pseudo-inverse solution"
    judge(
        extreme(name, samples, distance, which=which),
        Equals(
            0,
            source="Section 5, equation (3); the tolerance is its convergence or rounding",
            tolerance=tolerance,
        ),
    )


@pytest.mark.claim("5-minnorm")
def test_sgd_from_zero_ends_at_the_minimum_norm_solution(judge):
    """Squared loss, the step below 2 / max |x|^2, a bounded condition number."""

    def distance(example):
        x, y = conditioned(example)
        w = trajectory.sgd_solution(x, y, PASSES, seed=example[3])
        return apart(w, interpolation.pseudo_inverse_solution(x, y))

    judge_minimum(judge, "SGD from zero", WELL_CONDITIONED, distance, CONVERGED)


@pytest.mark.claim("5-minnorm")
def test_equation_3_has_one_solution_and_it_has_the_least_norm(judge):
    def distance(problem):
        gram = interpolation.gram_solution(problem.x, problem.y)
        return apart(gram, interpolation.pseudo_inverse_solution(problem.x, problem.y))

    judge_minimum(judge, "X^T (X X^T)^-1 y", problems(), distance, 1e-8)

    def norm_over_others(problem):
        w = interpolation.gram_solution(problem.x, problem.y)
        norms = [
            np.linalg.norm(interpolation.another_solution(problem.x, w, step, problem.seed))
            for step in (0.01, 1.0, 100.0)
        ]
        return float(np.linalg.norm(w) / min(norms))

    name = "its norm over that of the other solutions"
    judge(
        extreme(name, problems(), norm_over_others, "times"),
        AtMost(1.0, source="Section 5: the minimum l2-norm solution"),
    )


@pytest.mark.control("5-minnorm")
@pytest.mark.parametrize("broken", ["a start off the span", "Adam"])
def test_other_descents_do_not_end_there(broken, judge):
    end = {"a start off the span": started_outside, "Adam": by_adam}[broken]

    def distance(size):
        x, y, w = end(size)
        assert interpolation.misfit(x, y, w) < FITTED  # It interpolates.
        return apart(w, interpolation.pseudo_inverse_solution(x, y))

    judge_minimum(judge, broken, DENSE, distance, CONVERGED, which=min)
