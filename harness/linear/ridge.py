"""A ridge path by one eigendecomposition, for reduced n."""

from dataclasses import dataclass
from pathlib import Path

import torch

from harness.data.sources import load
from harness.errors import HarnessError
from harness.linear.examples import examples, features
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import refuse_duplicates
from harness.linear.memory import require
from harness.linear.recipe import KernelRecipe

MATRICES = 4
"""Of size (n, n): the kernel matrix, its eigenvectors, and LAPACK's workspace, twice theirs."""


def ridge_path(
    points: torch.Tensor,
    targets: torch.Tensor,
    kernel: GaussianKernel,
    ridges: tuple[float, ...],
    queries: torch.Tensor,
) -> torch.Tensor:
    """Outputs (ridges, queries, m) of ``(K + ridge I) alpha = Y`` for every ridge, in float64.

    Ridge 0 interpolates: raises SingularKernel for equal points, and HarnessError if K is singular
    to rounding. Raises NotEnoughMemory before anything large is allocated.
    """
    if min(ridges) == 0:
        refuse_duplicates(points, targets)
    n, outputs = len(points), len(ridges) * len(queries) * targets.shape[1]
    needed = 8 * (MATRICES * n * n + 2 * n * len(queries) + outputs)
    require(needed, f"the ridge path of {n:,} points")
    x, y = points.double(), targets.double()
    values, vectors = torch.linalg.eigh(kernel.block(x, x))
    if min(ridges) == 0 and float(values[0]) <= len(x) * 2.3e-16 * float(values[-1]):
        raise HarnessError(
            f"the kernel matrix of {len(x):,} points has an eigenvalue of {float(values[0]):.2g}"
            f" beside {float(values[-1]):.2g}: singular to rounding; leave ridge 0 out"
        )
    across = kernel.block(queries.double(), x) @ vectors
    inside = vectors.mT @ y
    return torch.stack([across @ (inside / (values + ridge)[:, None]) for ridge in ridges])


@dataclass(frozen=True)
class RidgePath:
    """Errors on held-out training images, by which a ridge is chosen, and on test images."""

    ridges: tuple[float, ...]
    held_out_errors: tuple[float, ...]
    wrong: tuple[tuple[bool, ...], ...]
    """For each ridge, whether each test image is classified wrongly."""

    @property
    def best(self) -> int:
        """Index of the ridge above 0 with the fewest errors on held-out images, least of equals."""
        return min(range(1, len(self.ridges)), key=lambda i: (self.held_out_errors[i], i))

    @property
    def test_errors(self) -> tuple[float, ...]:
        """Shares."""
        return tuple(sum(row) / len(row) for row in self.wrong)


def choose_ridge(
    recipe: KernelRecipe, ridges: tuple[float, ...], root: Path | None = None
) -> RidgePath:
    """The path of a recipe that holds images out, on its first label set; ``ridges`` has 0 first.

    Held-out labels are true, as test labels are.
    """
    data, test = examples(recipe, root), load(recipe.dataset, root)
    queries = torch.cat([data.test_images, test.test_images])
    outputs = ridge_path(
        features(recipe.features, data.images),
        data.one_hot(data.corrupted(recipe.corruptions[0], recipe.seed)),
        GaussianKernel(recipe.gamma),
        ridges,
        features(recipe.features, queries),
    )
    right = outputs.argmax(2) == torch.cat([data.test_labels, test.test_labels])
    held, rest = (~right[:, : recipe.held_out], ~right[:, recipe.held_out :])
    return RidgePath(
        tuple(ridges),
        tuple(float(row.double().mean()) for row in held),
        tuple(tuple(row.tolist()) for row in rest),
    )
