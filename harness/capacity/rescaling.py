"""Dense networks whose layers are rescaled: the l1 norm changes, a ReLU network's function not.

Factors are powers of two, so that this holds to the bit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda values: np.maximum(values, 0),
    "sigmoid": expit,
}


@dataclass(frozen=True)
class DenseNetwork:
    """Layers of these widths, the input's and the output's among them, with Gaussian weights."""

    widths: tuple[int, ...]
    seed: int
    exponent: int = 0
    """The first layer is multiplied by 2 ** exponent, and the second's weights are divided."""

    @property
    def layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weights (outputs, inputs) and biases (outputs,)."""
        draw = np.random.default_rng(self.seed)
        layers = [
            (draw.standard_normal((wide, narrow)), draw.standard_normal(wide))
            for narrow, wide in zip(self.widths, self.widths[1:], strict=False)
        ]
        factor = 2.0**self.exponent
        (weight, bias), (after, last), *rest = layers
        return [(weight * factor, bias * factor), (after / factor, last), *rest]

    def __call__(self, points: np.ndarray, activation: str) -> np.ndarray:
        """Outputs (n, k) of points (n, d)."""
        *hidden, (weight, bias) = self.layers
        for its_weight, its_bias in hidden:
            points = ACTIVATIONS[activation](points @ its_weight.T + its_bias)
        return points @ weight.T + bias

    def largest_l1_norm(self, layer: int) -> float:
        """The largest l1 norm of the weights of a node of this layer (Bartlett 1998)."""
        return float(np.abs(self.layers[layer][0]).sum(axis=1).max())

    def rescaled(self, exponent: int) -> "DenseNetwork":
        """The same weights otherwise."""
        return replace(self, exponent=exponent)

    def is_unchanged_by(self, exponent: int, activation: str) -> bool:
        """Whether it computes the same as rescaled, on eight Gaussian points."""
        points = np.random.default_rng([self.seed, 1]).standard_normal((8, self.widths[0]))
        other = self.rescaled(exponent)
        return np.array_equal(self(points, activation), other(points, activation))
