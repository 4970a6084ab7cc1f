"""Function classes whose complexity is known, and the network of Theorem 1, on a sample (n, d)."""

from dataclasses import dataclass

import numpy as np

AS_MODULE = 2_000
"""Up to so many points the module is evaluated, with n^2 hinge values in memory."""


@dataclass(frozen=True)
class LinearFunctions:
    """x -> w.x with norm of w at most ``bound``.

    The supremum is known: bound times the norm of the mean of sigma_i x_i (Bartlett & Mendelson
    2003, lemma 22), hence at most bound * radius / sqrt(n).
    """

    bound: float

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """The best function for each labeling: in [-1, 1] where no point exceeds 1 / bound."""
        directions = signs @ points
        norms = np.linalg.norm(directions, axis=1, keepdims=True)
        return self.bound * (directions / np.where(norms > 0, norms, 1)) @ points.T


def linear_supremum(bound: float, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """The closed form, (labelings,): bound times the norm of the mean of sigma_i x_i."""
    return bound * np.linalg.norm(signs @ points, axis=1) / len(points)


@dataclass(frozen=True)
class RandomHalfspaces:
    """A finite class: the signs of ``size`` affine functions, drawn by the seed."""

    size: int
    seed: int

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """The best of the class for each labeling, by trying all."""
        draw = np.random.default_rng([self.seed, self.size])
        weights = draw.standard_normal((points.shape[1] + 1, self.size))
        values = np.where(points @ weights[:-1] + weights[-1] >= 0, 1.0, -1.0)
        return values.T[(signs @ values).argmax(axis=1)]


class Theorem1Networks:
    """Two-layer ReLU networks with 2n + d weights (Theorem 1), clipped to [-1, 1]."""

    def fit(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """The network that the theorem constructs for each labeling: the labeling itself.

        All labelings at once: they share the hidden layer and differ in the output weights.
        Raises HarnessError for two equal points.
        """
        import torch

        from harness.expressivity.theorem1 import fit_theorem1

        fitted = fit_theorem1(points, signs.T)
        if len(points) > AS_MODULE:
            return np.clip(fitted.evaluate(points).T, -1, 1)
        with torch.no_grad():
            values = fitted.network(torch.as_tensor(points, dtype=torch.float64))
        return np.clip(values.numpy().T, -1, 1)
