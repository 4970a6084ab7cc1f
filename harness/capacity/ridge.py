"""Ridge regression in closed form: a stable algorithm, on which the measure is tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from harness.capacity.stability import Replacements


@dataclass(frozen=True)
class Ridge:
    """Least of the mean of (w.x_i - y_i)^2 plus ``penalty`` times the squared norm of w."""

    penalty: float

    def fit(self, points: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The weights (d,) for ``points`` (n, d) and labels (n,); by n equations if n < d."""
        n, d = points.shape
        if n < d:
            gram = points @ points.T + self.penalty * n * np.eye(n)
            return points.T @ cho_solve(cho_factor(gram), labels)
        return cho_solve(self._factor(points), points.T @ labels)

    def _factor(self, points: np.ndarray) -> tuple[np.ndarray, bool]:
        n, d = points.shape
        return cho_factor(points.T @ points + self.penalty * n * np.eye(d))

    def leave_one_out(self, points: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """How far the value at each example moves if it is left out, (n,), in closed form.

        h r / (1 - h) with the leverage h and the residual r, the penalty ``penalty * n`` kept.
        """
        factor = self._factor(points)
        leverage = np.einsum("nd,dn->n", points, cho_solve(factor, points.T))
        residual = labels - points @ cho_solve(factor, points.T @ labels)
        return np.abs(leverage * residual / (1 - leverage))

    def replaced(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        others: np.ndarray,
        other_labels: np.ndarray,
        indices: Sequence[int],
    ) -> Replacements:
        """Replace the examples at ``indices`` one at a time, the i-th by the i-th of ``others``.

        Each weight vector is a rank-two update of the same factor. The function is clipped to
        [-1, 1], and its loss is (1 - y h) / 2, as the networks'. Labels are -1 and 1.
        """
        factor, moments = self._factor(points), points.T @ labels
        every = np.vstack([points, others])
        signs = np.r_[labels, other_labels]
        weights = cho_solve(factor, moments)
        before = _loss(every @ weights, signs)
        changes = []
        for index in indices:
            substitute = index % len(others)
            old, new = points[index], others[substitute]
            pair = np.stack([old, new], axis=1)
            solved = cho_solve(factor, pair)
            # Woodbury: A - old old^T + new new^T.
            small = np.diag([-1.0, 1.0]) + pair.T @ solved
            target = moments - labels[index] * old + other_labels[substitute] * new
            direct = cho_solve(factor, target)
            moved = direct - solved @ np.linalg.solve(small, pair.T @ direct)
            changes.append(np.abs(_loss(every @ moved, signs) - before))
        return Replacements(np.asarray(indices), np.stack(changes), len(points))


def expected_stability(
    ridge: Ridge, points: np.ndarray, signs: np.ndarray, size: int, shift: int = 0
) -> tuple[float, float]:
    """Over all samples of ``size`` of the points (n, d): on-average stability, and the mean gap.

    See `harness.capacity.stability.on_average_stability`. Each example of each sample is replaced
    by each point that the sample left out. ``shift`` takes another example than the replaced one.
    """
    every = range(len(points))
    losses = {}
    for sample in combinations(every, size):
        weights = ridge.fit(points[list(sample)], signs[list(sample)])
        losses[sample] = _loss(points @ weights, signs)
    rises, gaps = [], []
    for sample, before in losses.items():
        others = [it for it in every if it not in sample]
        gaps.append(before[others].mean() - before[list(sample)].mean())
        for place, replaced in enumerate(sample):
            at = sample[(place + shift) % size]
            for other in others:
                after = losses[tuple(sorted({*sample, other} - {replaced}))]
                rises.append(after[at] - before[at])
    return float(np.mean(rises)), float(np.mean(gaps))


def _loss(values: np.ndarray, signs: np.ndarray) -> np.ndarray:
    return (1 - signs * np.clip(values, -1, 1)) / 2
