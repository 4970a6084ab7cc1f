"""An exact kernel machine: ``(K + ridge I) alpha = Y`` by one factorisation, to full accuracy.

>>> machine = fit(x, one_hot, GaussianKernel(0.02))
>>> machine.predict(z).argmax(1)

Section 5, equation (3). The points (n, d) and the lower triangle of K, n^2 / 2 words, are all that
is kept; the matrix never exists in full.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.errors import HarnessError
from harness.linear.kernels import Kernel, exact_product
from harness.linear.memory import in_gb, peak_bytes, require, reset_peak
from harness.linear.recipe_checks import require_number
from harness.linear.refinement import TILE, Refined, kernel_product, refine
from harness.linear.triangle import Triangle, triangle_bytes

TOLERANCE = 1e-6
PRECISIONS = (torch.float32, torch.float64)
Progress = Callable[[str, float], None]
"""``progress(what, share)``: the phase in words, and the share of the factorisation's work."""


class SingularKernel(HarnessError):
    """Two equal points: no unique interpolant, and none at all where their targets differ."""


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes of a fit."""

    fill_seconds: float
    factor_seconds: float
    refine_seconds: float
    peak_bytes: int
    """More than there was in use before: triangle, working memory, solution."""
    triangle_bytes: int
    smallest_pivot: float
    spectrum_ends: tuple[float, float]
    """Smallest and largest eigenvalue of the factored matrix; see `Triangle.spectrum_ends`."""


@dataclass(frozen=True)
class Machine:
    """A fitted kernel machine; float64 throughout, except for the points themselves."""

    points: torch.Tensor
    kernel: Kernel
    ridge: float
    refined: Refined
    fitted: torch.Tensor
    """Predictions at the training points (n, m)."""
    cost: Cost

    @property
    def norms(self) -> torch.Tensor:
        """The RKHS norm of each output, (m,): the root of ``alpha^T K alpha``."""
        return (self.refined.coefficients * self.fitted).sum(0).clamp(min=0).sqrt()

    def predict(self, z: torch.Tensor) -> torch.Tensor:
        """Points (b, d) to outputs (b, m); raises HarnessError for NaN and another d."""
        check_queries(z, self.points.shape[1])
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
    """What `fit` takes beside its arguments: the triangle, tiles, and a few copies of alpha."""
    return triangle_bytes(n, dtype) + 8 * (4 * TILE * TILE + 2 * TILE * d + 8 * n * m)


def fit(
    points: torch.Tensor,
    targets: torch.Tensor,
    kernel: Kernel,
    ridge: float | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    tolerance: float = TOLERANCE,
    progress: Progress = lambda what, share: None,
) -> Machine:
    """Solve for all columns of ``targets`` (n, m) at once; ``dtype`` is the factor's precision.

    Raises InvalidRecipe, HarnessError for NaN and mismatched sizes, NotEnoughMemory before
    anything is allocated, SingularKernel with the pair of equal points, NotPositiveDefinite with
    the pivot, NotConverged. Nothing is ever added to the diagonal but ``ridge``.
    """
    check_points(points, targets)
    n, d = points.shape
    if ridge is not None:
        require_number("ridge", ridge, lambda it: it > 0, "above 0 and finite, or None")
    if dtype not in PRECISIONS:
        raise HarnessError(f"dtype = {dtype}, but the factor should be float32 or float64")
    need = bytes_needed(n, d, targets.shape[1], dtype)
    require(need, f"the kernel matrix of {n:,} points", device)
    if ridge is None:
        refuse_duplicates(points.to(dtype), targets)
    if not tolerance > 0:
        raise HarnessError(f"tolerance = {tolerance}, but it should be above 0: {TOLERANCE:g}, say")
    before = reset_peak(device)
    progress(f"kernel matrix of {n:,} points, {in_gb(need)}", 0.0)
    points, added = points.to(device), ridge or 0.0
    factor = Triangle(n, dtype, device)

    def fill(first: int, last: int, out: torch.Tensor) -> None:
        rows = points[first:last].to(dtype)
        for start in range(0, last, TILE):
            block = kernel.block(rows, points[start : min(start + TILE, last)].to(dtype))
            out[:, start : start + TILE] = block
        out[:, first:last].diagonal().add_(added)

    factor.factor(fill, lambda share: progress("factorisation", share))
    started = time.perf_counter()
    mm = exact_product(points)
    refined = refine(
        factor,
        lambda v: kernel_product(kernel, points, v, added, mm=mm),
        targets,
        tolerance,
        told=lambda residual: progress(f"refinement, residual {residual:.1e}", 1.0),
    )
    cost = Cost(
        factor.timing.fill_seconds,
        factor.timing.factor_seconds,
        time.perf_counter() - started,
        peak_bytes(device) - before,
        factor.bytes,
        factor.timing.smallest_pivot,
        factor.spectrum_ends(),
    )
    fitted = targets.to(device).double() - refined.residual - added * refined.coefficients
    return Machine(points, kernel, added, refined, fitted, cost)


def check_points(points: torch.Tensor, targets: torch.Tensor) -> None:
    """Refuse what cannot be a regression: kinds, shapes, sizes, values that are not finite."""
    for name, values in (("points", points), ("targets", targets)):
        _check_kind(name, values)
    if points.ndim != 2 or targets.ndim != 2 or not len(points) or not targets.shape[1]:
        raise HarnessError(
            f"points of shape {tuple(points.shape)} and targets of shape {tuple(targets.shape)},"
            " but they should be (n, d) and (n, m) with n and m at least 1"
        )
    if len(points) != len(targets):
        raise HarnessError(
            f"{len(points):,} points and {len(targets):,} targets; give one row of targets a point"
        )
    for name, values in (("points", points), ("targets", targets)):
        _check_finite(name, values)


def check_queries(z: torch.Tensor, d: int) -> None:
    """Refuse what cannot be predicted at: kinds, other sizes, values that are not finite."""
    _check_kind("queries", z)
    if z.ndim != 2 or z.shape[1] != d:
        raise HarnessError(f"queries of shape {tuple(z.shape)}, but they should be (b, {d})")
    _check_finite("queries", z)


def _check_kind(name: str, values: torch.Tensor) -> None:
    if not isinstance(values, torch.Tensor):
        raise HarnessError(
            f"{name} of type {type(values).__name__}; give a tensor: torch.as_tensor(...)"
        )
    if values.dtype not in PRECISIONS:
        kind = str(values.dtype).removeprefix("torch.")
        raise HarnessError(f"{name} of {kind}; give float32 or float64: {name}.double()")


def _check_finite(name: str, values: torch.Tensor) -> None:
    finite = values.isfinite().all(1)
    if not bool(finite.all()):
        row = int((~finite).nonzero()[0])
        raise HarnessError(f"{name}: row {row} holds NaN or infinity; remove or mend it")


def refuse_duplicates(points: torch.Tensor, targets: torch.Tensor) -> None:
    """Raise SingularKernel, naming both, where two points are equal."""
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
