"""Iterative refinement of a solution in the factor's precision to a small float64 residual.

Residuals use the kernel's entries, evaluated anew in float64, tile by tile: with rounded entries
refinement gains nothing. If plain refinement stalls, the same factor preconditions conjugate
gradients (Golub & Van Loan, sections 3.5.3 and 11.5).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.errors import HarnessError
from harness.linear.kernels import GaussianKernel, MatrixProduct
from harness.linear.triangle import Triangle

TILE = 1_024
STALLED = 0.25
"""Refinement has stalled if a sweep leaves more than this share of the residual."""

Product = Callable[[torch.Tensor], torch.Tensor]
"""``product(v)`` is ``(K + ridge I) v`` in float64, for v (n, m)."""


class NotConverged(HarnessError):
    """The residual does not fall below the tolerance."""


@dataclass(frozen=True)
class Refined:
    """Coefficients (n, m) and residuals, both in float64."""

    coefficients: torch.Tensor
    residual: torch.Tensor
    history: tuple[float, ...]
    """The largest relative residual over the right-hand sides, before and after each sweep."""
    method: str
    """ "refinement", or "conjugate gradients" if refinement stalled."""


def kernel_product(
    kernel: GaussianKernel,
    x: torch.Tensor,
    v: torch.Tensor,
    ridge: float = 0.0,
    tile: int = TILE,
    mm: MatrixProduct = torch.mm,
) -> torch.Tensor:
    """``(K(x, x) + ridge I) v`` in float64; every tile of the lower triangle is evaluated once.

    ``x`` (n, d) in any precision, ``v`` (n, m); takes three tiles' memory beside the result.
    ``mm`` multiplies tiles in float64.
    """
    # Right-hand sides lie in rows: products with few columns are slow.
    across = v.double().mT.contiguous()
    result = ridge * across
    for i in range(0, len(x), tile):
        left = x[i : i + tile].double()
        for j in range(0, i + 1, tile):
            right = x[j : j + tile].double() if j < i else left
            block = kernel.block(left, right, mm)
            result[:, i : i + tile].addmm_(across[:, j : j + tile], block.mT)
            if j < i:
                result[:, j : j + tile].addmm_(across[:, i : i + tile], block)
    return result.mT


def relative(residual: torch.Tensor, right: torch.Tensor) -> float:
    """The largest ratio of a residual's norm to its right-hand side's, over the columns."""
    return float((residual.norm(dim=0) / _sizes(right)).max())


def _sizes(right: torch.Tensor) -> torch.Tensor:
    """Norms of the columns, above 0: a class without examples is a column of zeros."""
    return right.norm(dim=0).clamp(min=torch.finfo(right.dtype).tiny)


def refine(
    factor: Triangle,
    product: Product,
    right: torch.Tensor,
    tolerance: float,
    most: int = 40,
    on_residual: Callable[[float], None] = lambda residual: None,
) -> Refined:
    """Solve ``(K + ridge I) x = right`` for (n, m) to a relative residual below ``tolerance``.

    ``on_residual`` gets each residual. Raises NotConverged after ``most`` products.
    """
    right = right.to(factor.device).double()
    x = factor.solve(right).double()
    residual = right - product(x)
    history: list[float] = []
    method = "refinement"

    def add(residual: torch.Tensor) -> None:
        history.append(relative(residual, right))
        on_residual(history[-1])

    add(residual)
    while history[-1] >= tolerance and len(history) < most:
        better = x + factor.solve(residual).double()
        left = right - product(better)
        add(left)
        if history[-1] < history[-2]:
            x, residual = better, left
        if history[-1] > STALLED * history[-2] and history[-1] >= tolerance:
            method = "conjugate gradients"
            break
    if method == "conjugate gradients":
        # All right-hand sides side by side, each with its own step lengths.
        size, tiny = _sizes(right), torch.finfo(torch.float64).tiny
        scaled = factor.solve(residual / size).double() * size
        direction = scaled
        slope = (residual * scaled).sum(0)
        while len(history) < most and math.isfinite(history[-1]):
            image = product(direction)
            step = slope / (direction * image).sum(0).clamp(min=tiny)
            x, residual = x + step * direction, residual - step * image
            add(residual)
            if history[-1] < tolerance:
                # The recursion drifts, so the residual is computed.
                residual = right - product(x)
                history[-1] = relative(residual, right)
                if history[-1] < tolerance:
                    break
            scaled = factor.solve(residual / size).double() * size
            previous, slope = slope, (residual * scaled).sum(0)
            direction = scaled + slope / previous.clamp(min=tiny) * direction
    if not history[-1] < tolerance:
        least, at = factor.smallest_pivot()
        raise NotConverged(
            f"the relative residual is {history[-1]:.2g} after {len(history)} products, and should"
            f" be below {tolerance:g}: the kernel matrix is too ill-conditioned for"
            f" {factor.precision}, its smallest pivot, number {at}, is {least:.2g};"
            " give a ridge, a narrower kernel, or double precision"
        )
    return Refined(x, residual, tuple(history), method)
