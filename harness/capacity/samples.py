"""Samples of images as vectors, their labelings by -1 and 1, and how well a class fits them.

Empirical Rademacher complexity is E over signs of sup over h of the mean of sigma_i h(x_i), as the
paper defines it in section 2.2: for functions with values in [-1, 1], without the factor 2 and the
absolute value of Bartlett & Mendelson 2003. The correlation with a function that was found, by
training for example, is a lower bound on the supremum. A class shatters a sample if it realises
every labeling, by a margin.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from harness.training.inputs import prepared_data
from harness.training.recipe import Recipe


def image_points(recipe: Recipe, root: Path | None = None) -> np.ndarray:
    """The sample of a recipe, (n, d): the images that it trains on, whitened, pixel by pixel."""
    data = prepared_data(recipe, root, "cpu", "fp32")
    return data.train_images.flatten(1).double().numpy()


def labelled_points(
    recipe: Recipe, root: Path | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sample (n, d) and its labels, -1 and 1; as many left out (m, d) and theirs."""
    data = prepared_data(replace(recipe, keep_answers=True), root, "cpu", "fp32")
    sample, left_out = (images.flatten(1).double().numpy() for images in data.probes)
    signs = 2.0 * data.probe_labels.numpy() - 1
    return sample, signs[: len(sample)], left_out, signs[len(sample) :]


def all_signs(points: int) -> np.ndarray:
    """Every labeling of so many points, (2^points, points)."""
    bits = np.arange(2**points)[:, None] >> np.arange(points)
    return (2 * (bits & 1) - 1).astype(np.float64)


def random_signs(points: int, draws: int, seed: int) -> np.ndarray:
    """Independent uniform signs, (draws, points)."""
    bits = np.random.default_rng([seed, points]).integers(0, 2, (draws, points))
    return (2 * bits - 1).astype(np.float64)


class FunctionClass(Protocol):
    """Functions on R^d with values in [-1, 1], as far as a sample sees them."""

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Values (labelings, n) on ``points`` (n, d) of the function chosen for each labeling.

        The one that correlates best with it, if the class can find that one.
        """


def best_correlations(
    functions: FunctionClass, points: np.ndarray, signs: np.ndarray
) -> np.ndarray:
    """The mean of sigma_i h(x_i) for each labeling, (labelings,), which estimate the complexity.

    A lower bound on the supremum, equal to it if the class's ``fit`` finds the best function.
    """
    return (functions.fit(points, signs) * signs).mean(axis=1)


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
