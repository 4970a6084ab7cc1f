"""Interpolants of the training labels that do not generalise, and their norms.

Section 5: "force the data to fit random labels on the test data", or "fit a Gaussian kernel to
data and place the centers at random points". All lie in one kernel's space, so their norms
compare: f = sum_j alpha_j k(., c_j) has norm sqrt(alpha^T K(c, c) alpha).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.data.sources import load
from harness.data.streams import LABELS, PIXELS, SUBSET, stream
from harness.linear.examples import Examples, examples, features
from harness.linear.kernels import GaussianKernel
from harness.linear.memory import require
from harness.linear.recipe import KernelRecipe

MATRICES = 3
"""Of size (n, n), at once: the kernel matrix, its factors, and a copy for LAPACK."""
LEAST = "minimum norm"


@dataclass(frozen=True)
class Interpolant:
    """An interpolant; errors are shares."""

    train_error: float
    misfit: float
    """``|f(X) - Y| / |Y|`` at the training points."""
    norm: float
    """Root of the sum of the outputs' squared norms."""
    wrong: tuple[bool, ...]
    """For each test image, whether it is classified wrongly."""

    @property
    def test_error(self) -> float:
        """A share."""
        return sum(self.wrong) / len(self.wrong)


def interpolants(
    recipe: KernelRecipe, extra: int, names: Sequence[str], root: Path | None = None
) -> dict[str, Interpolant]:
    """Functions that fit the recipe's training labels in float64: `LEAST`, and those of ``names``.

    "minimum norm": centres at the training points. "random labels on extra points": ``extra``
    held-out training images, with random labels, are fitted too. "true labels on extra points": the
    same images with their true labels, which is no bad interpolant. "random labels on the test
    images": so are ``extra`` test images. "random centres": as many centres as training points,
    uniform in the cube of pixels. The recipe's features must be pixels, and ``held_out`` at least
    ``extra``.
    """
    size = recipe.images + extra
    require(8 * MATRICES * size**2, f"interpolation of {size:,} points")
    data, test = examples(recipe, root), load(recipe.dataset, root)
    kernel = GaussianKernel(recipe.gamma)
    x, z = (features(recipe.features, it).double() for it in (data.images, test.test_images))
    y = data.one_hot(data.labels).double()
    draw = stream(recipe.seed, f"{LABELS} extra")
    labels = torch.randint(data.classes, (extra,), generator=draw)
    chosen = torch.randperm(len(z), generator=stream(recipe.seed, SUBSET))[:extra]
    held_out = data.test_images[:extra]
    forced = {
        LEAST: (held_out[:0], labels[:0]),
        "random labels on extra points": (held_out, labels),
        "true labels on extra points": (held_out, data.test_labels[:extra]),
        "random labels on the test images": (test.test_images[chosen], labels),
    }

    def interpolant(name: str) -> Interpolant:
        if name in forced:
            images, its = forced[name]
            centres = torch.cat([x, features(recipe.features, images).double()])
            targets = torch.cat([y, data.one_hot(its).double()])
            between = system = kernel.block(centres, centres)
        else:
            centres, targets = _random_centres(recipe, data), y
            between, system = kernel.block(centres, centres), kernel.block(x, centres)
        alpha = _solve(system, targets)
        fitted, outputs = system[: len(x)] @ alpha, kernel.block(z, centres) @ alpha
        squared = (alpha * (between @ alpha)).sum()
        return Interpolant(
            float((fitted.argmax(1) != data.labels).double().mean()),
            float((fitted - y).norm() / y.norm()),
            float(squared.clamp(min=0).sqrt()),
            tuple((outputs.argmax(1) != test.test_labels).tolist()),
        )

    return {name: interpolant(name) for name in (LEAST, *names)}


def _solve(matrix: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """With one step of refinement: random centres make an ill-conditioned system."""
    factor, pivots = torch.linalg.lu_factor(matrix)
    alpha = torch.linalg.lu_solve(factor, pivots, targets)
    return alpha + torch.linalg.lu_solve(factor, pivots, targets - matrix @ alpha)


def _random_centres(recipe: KernelRecipe, data: Examples) -> torch.Tensor:
    """Grey images of independent uniform pixels, as points."""
    channels, height, width = data.images.shape[1:]
    draw = stream(recipe.seed, PIXELS)
    grey = torch.rand((len(data.images), 1, height, width), generator=draw, dtype=torch.float64)
    return grey.expand(-1, channels, -1, -1).flatten(1)
