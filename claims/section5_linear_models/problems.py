"""Linear systems as hypothesis draws them: sizes, singular values, and the seed of directions.

Singular values are drawn, and directions are random: every matrix of bounded condition number has
this form, and none of it is too ill-conditioned to tell rounding from failure.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from harness.linear.interpolation import examples_matrix

LARGEST_N = 12
SCALAR = st.just(0)
SMALLEST, LARGEST = 0.1, 10.0


@dataclass(frozen=True)
class Problem:
    """n examples of d features, their singular values, k outputs (0: scalar targets)."""

    n: int
    d: int
    values: tuple[float, ...]
    outputs: int
    seed: int

    @property
    def x(self) -> np.ndarray:
        """Examples (n, d)."""
        return examples_matrix(self.n, self.d, np.array(self.values), self.seed)

    @property
    def y(self) -> np.ndarray:
        """Any labels: of both signs, and of sizes from 0.1 to 2."""
        draw = np.random.default_rng([self.seed, 1])
        shape = (self.n, self.outputs) if self.outputs else (self.n,)
        return draw.choice([-1.0, 1.0], shape) * draw.uniform(0.1, 2.0, shape)


@st.composite
def problems(
    draw: st.DrawFn,
    wider: st.SearchStrategy[int] | None = None,
    rank_lost: int = 0,
    outputs: st.SearchStrategy[int] | None = None,
    largest_n: int = LARGEST_N,
) -> Problem:
    """Full row rank unless ``rank_lost``; ``wider`` draws d - n (negative: more examples)."""
    n = draw(st.integers(max(2, rank_lost + 1), largest_n))
    d = max(1, n + draw(st.integers(1, 2 * largest_n) if wider is None else wider))
    count = min(n, d) - rank_lost
    value = st.floats(SMALLEST, LARGEST)
    values = tuple(draw(st.lists(value, min_size=count, max_size=count)))
    return Problem(
        n, d, values, draw(SCALAR if outputs is None else outputs), draw(st.integers(0, 2**32 - 1))
    )


SQUARE = st.just(0)
TALL = st.integers(-5, -1)
DENSE = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.integers(2, LARGEST_N).map(lambda n: (n, 2 * n + seed % 7, seed))
)
"""(n, d, seed) of dense Gaussian examples with d >= 2n: for controls, which no luck may pass."""


def gaussian(size: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Examples (n, d) and targets (n,) for (n, d, seed)."""
    n, d, seed = size
    draw = np.random.default_rng(seed)
    return draw.standard_normal((n, d)), draw.standard_normal(n)
