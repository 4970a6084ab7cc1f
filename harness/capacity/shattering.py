"""Shattering: whether a class realises every labeling of a sample, by a margin (section 2.2)."""

from dataclasses import dataclass

import numpy as np

from harness.capacity.rademacher import FunctionClass
from harness.capacity.signs import all_signs


def realised_labelings(
    functions: FunctionClass, points: np.ndarray, margin: float = 0.0
) -> np.ndarray:
    """Which of all 2^n labelings of ``points`` (n, d) the class was found to realise, (2^n,).

    By more than 0 without a margin. With one, sigma_i h(x_i) >= margin for all i, which shatters
    the sample at that width with the witnesses r_i = 0. If all are realised, the VC (or fat)
    dimension is at least n.
    """
    signs = all_signs(len(points))
    smallest = (functions.fit(points, signs) * signs).min(axis=1)
    return (smallest > 0) & (smallest >= margin)


@dataclass(frozen=True)
class Solved:
    """Functions that are linear in n given features, on n points."""

    rank: int
    """Of the features (n, m). If it is n, every one of the 2^n labelings has a solution."""
    smallest_margin: float
    """Of the least-squares solutions for some labelings, over all points: 1 where they fit."""


def solved_labelings(features: np.ndarray, signs: np.ndarray) -> Solved:
    """Shattering by linear algebra: ``features`` (n, m), labelings ``signs`` (k, n)."""
    weights, _, rank, _ = np.linalg.lstsq(features, signs.T, rcond=None)
    return Solved(int(rank), float((features @ weights * signs.T).min()))


def with_a_constant(values: np.ndarray) -> np.ndarray:
    """Features (n, m + 1) of affine functions of ``values`` (n, m)."""
    return np.hstack([values, np.ones((len(values), 1))])
