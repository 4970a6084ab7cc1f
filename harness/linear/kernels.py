"""The Gaussian kernel, evaluated block by block in the precision of the points."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

MatrixProduct = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class GaussianKernel:
    """``exp(-gamma |x - z|^2)``: strictly positive definite on distinct points."""

    gamma: float

    def block(self, x: torch.Tensor, z: torch.Tensor, mm: MatrixProduct = torch.mm) -> torch.Tensor:
        """By ``|x|^2 + |z|^2 - 2 x.z``: one matrix product, and rounding of ``|x|^2`` epsilon."""
        squares = mm(x, z.mT)
        squares.mul_(-2).add_(x.square().sum(1)[:, None]).add_(z.square().sum(1))
        return squares.clamp_(min=0).mul_(-self.gamma).exp_()

    def __str__(self) -> str:
        return f"exp(-{self.gamma:g} d^2)"


EXACT = 2**24
"""Whole numbers up to it are exact in float32, and so are sums that never exceed it."""
NARROWEST = 64
"""Columns of a product below which additions cost what float32 saves."""
ROWS = 4_096
"""Rows that are examined together, to save memory."""


def exact_product(*points: torch.Tensor) -> MatrixProduct:
    """How to multiply these points (n, d) in float64. Whole numbers are multiplied in float32.

    That is as exact, and faster on a CPU: so few columns are taken at a time that no sum is
    rounded. No sum exceeds the largest squared norm of those columns (Cauchy and Schwarz). Pixels
    in grey levels are whole numbers.
    """
    rows = [part for it in points for part in it.split(ROWS) if part.numel()]
    if not all(it.device.type == "cpu" and bool((it == it.round()).all()) for it in rows):
        return torch.mm
    columns = points[0].shape[1]
    while columns >= NARROWEST:
        largest = max((_largest(part) for it in rows for part in it.split(columns, 1)), default=0.0)
        if largest <= EXACT:
            return _by_columns(columns)
        columns = int(columns / min(max(largest / EXACT, 1.1), 2))
    return torch.mm


def _largest(points: torch.Tensor) -> float:
    """The largest squared norm of a row."""
    return float(torch.linalg.vector_norm(points, dim=1, dtype=torch.float64).max()) ** 2


def _by_columns(columns: int) -> MatrixProduct:
    def product(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        part, result = torch.empty(len(x), z.shape[1], device=x.device), None
        for left, right in zip(x.split(columns, 1), z.split(columns, 0), strict=True):
            torch.mm(left.float(), right.float(), out=part)
            result = part.double() if result is None else result.add_(part)
        return result

    return product
