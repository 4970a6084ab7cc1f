"""The Gaussian kernel, evaluated block by block in the precision of the points."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class GaussianKernel:
    """``exp(-gamma |x - z|^2)``: strictly positive definite on distinct points."""

    gamma: float

    def block(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """By ``|x|^2 + |z|^2 - 2 x.z``: one matrix product, and rounding of ``|x|^2`` epsilon."""
        squares = torch.mm(x, z.mT)
        squares.mul_(-2).add_(x.square().sum(1)[:, None]).add_(z.square().sum(1))
        return squares.clamp_(min=0).mul_(-self.gamma).exp_()

    def __str__(self) -> str:
        return f"exp(-{self.gamma:g} d^2)"
