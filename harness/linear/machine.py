"""An exact kernel machine: ``(K + ridge I) alpha = Y`` by one factorisation, to full accuracy.

>>> machine = fit(x, one_hot, GaussianKernel(0.02))
>>> machine.predict(z).argmax(1)

Section 5, equation (3). It keeps the points (n, d) and the lower triangle of K, n^2 / 2 words. The
full matrix never exists.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch

from harness.errors import HarnessError
from harness.linear.kernels import GaussianKernel, exact_product
from harness.linear.memory import in_gb, peak_bytes, require, reset_peak
from harness.linear.outcome import Progress, silent
from harness.linear.refinement import TILE, Refined, kernel_product, refine
from harness.linear.triangle import ROWS, Triangle, triangle_bytes

TOLERANCE = 1e-6


class SingularKernel(HarnessError):
    """Two equal points: no unique interpolant, and none if their targets differ."""


@dataclass(frozen=True)
class KernelMachine:
    """A fitted kernel machine; float64 throughout, except for the points themselves."""

    points: torch.Tensor
    kernel: GaussianKernel
    ridge: float
    refined: Refined
    fitted: torch.Tensor
    """Predictions at the training points (n, m)."""
    cost: dict[str, Any]
    """Seconds of each phase; bytes above those in use before; the ends of the factor's spectrum."""

    @property
    def norms(self) -> torch.Tensor:
        """The RKHS norm of each output, (m,): the root of ``alpha^T K alpha``."""
        return (self.refined.coefficients * self.fitted).sum(0).clamp(min=0).sqrt()

    def predict(self, z: torch.Tensor) -> torch.Tensor:
        """Points (b, d) to outputs (b, m)."""
        z = z.to(self.points.device)
        mm = exact_product(self.points, z)
        across = self.refined.coefficients.mT.contiguous()
        result = across.new_zeros(len(across), len(z))
        for i in range(0, len(self.points), TILE):
            x = self.points[i : i + TILE].double()
            for j in range(0, len(z), TILE):
                block = self.kernel.block(z[j : j + TILE].double(), x, mm)
                result[:, j : j + TILE].addmm_(across[:, i : i + TILE], block.mT)
        return result.mT


def bytes_needed(n: int, d: int, m: int, dtype: torch.dtype = torch.float32) -> int:
    """What `fit` takes beside its arguments: the triangle, rows, tiles, a few copies of alpha."""
    rows = ROWS * n * dtype.itemsize
    return triangle_bytes(n, dtype) + rows + 8 * (4 * TILE * TILE + 2 * TILE * d + 8 * n * m)


def fit(
    points: torch.Tensor,
    targets: torch.Tensor,
    kernel: GaussianKernel,
    ridge: float | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    tolerance: float = TOLERANCE,
    on_progress: Progress = silent,
) -> KernelMachine:
    """Solve for all columns of ``targets`` (n, m) at once; ``dtype`` is the factor's precision.

    Raises NotEnoughMemory before anything is allocated, SingularKernel with the pair of equal
    points, NotPositiveDefinite with the pivot, NotConverged.
    Nothing is ever added to the diagonal but ``ridge``.
    """
    n, d = points.shape
    need = bytes_needed(n, d, targets.shape[1], dtype)
    require(need, f"the kernel matrix of {n:,} points", device)
    if ridge is None:
        refuse_duplicates(points.to(dtype), targets)
    before = reset_peak(device)
    phase = f"kernel matrix of {n:,} points, {in_gb(need)}"
    on_progress(phase, 0.0)
    points, added = points.to(device), ridge or 0.0
    factor = Triangle(n, dtype, device)

    def rows(first: int, last: int) -> torch.Tensor:
        made = torch.empty((last - first, last), dtype=dtype, device=device)
        left = points[first:last].to(dtype)
        for start in range(0, last, TILE):
            right = points[start : min(start + TILE, last)].to(dtype)
            made[:, start : start + TILE] = kernel.block(left, right)
        return made

    started = time.perf_counter()
    factor.add(rows, lambda share: on_progress(phase, share))
    factor.add_to_diagonal(added)
    filled = time.perf_counter()
    factor.factor(lambda share: on_progress("factorisation", share))
    factored = time.perf_counter()
    mm = exact_product(points)
    refined = refine(
        factor,
        lambda v: kernel_product(kernel, points, v, added, mm=mm),
        targets,
        tolerance,
        on_residual=lambda residual: on_progress(f"refinement, residual {residual:.1e}", 1.0),
    )
    cost = {
        "fill_seconds": filled - started,
        "factor_seconds": factored - filled,
        "refine_seconds": time.perf_counter() - factored,
        "peak_bytes": peak_bytes(device) - before,
        "triangle_bytes": triangle_bytes(n, dtype),
        "smallest_pivot": factor.smallest_pivot()[0],
        "spectrum_ends": list(factor.spectrum_ends()),
    }
    fitted = targets.to(device).double() - refined.residual - added * refined.coefficients
    return KernelMachine(points, kernel, added, refined, fitted, cost)


def refuse_duplicates(points: torch.Tensor, targets: torch.Tensor) -> None:
    """Raise SingularKernel if two points are equal, and name both."""
    seen: dict[bytes, int] = {}
    rows = (points.cpu() + 0.0).numpy()  # So that -0.0 is 0.0.
    for index, row in enumerate(rows):
        first = seen.setdefault(row.tobytes(), index)
        if first != index:
            same = torch.equal(targets[first], targets[index])
            differ = "the same targets" if same else "different targets, which nothing fits"
            raise SingularKernel(
                f"points {first} and {index} are equal, with {differ}: the kernel matrix is"
                " singular; drop one of them, or give a ridge"
            )
