"""Kernels: functions of two points, evaluated block by block in the precision of the points."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch

from harness.errors import InvalidRecipe


class Kernel(Protocol):
    """What the solver needs of a kernel."""

    def block(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Points (a, d) and (b, d) to values (a, b), in their precision."""


@dataclass(frozen=True)
class GaussianKernel:
    """``exp(-gamma |x - z|^2)``: strictly positive definite on distinct points.

    Raises InvalidRecipe unless ``gamma`` is above 0 and finite.
    """

    gamma: float

    def __post_init__(self) -> None:
        """Refuse what is no bandwidth."""
        if not 0 < self.gamma < math.inf:
            raise InvalidRecipe(f"gamma = {self.gamma}, but it should be above 0 and finite")

    def block(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """By ``|x|^2 + |z|^2 - 2 x.z``: one matrix product, and rounding of ``|x|^2`` epsilon."""
        squares = torch.mm(x, z.mT)
        squares.mul_(-2).add_(x.square().sum(1)[:, None]).add_(z.square().sum(1))
        return squares.clamp_(min=0).mul_(-self.gamma).exp_()

    def __str__(self) -> str:
        return f"exp(-{self.gamma:g} d^2)"


@dataclass(frozen=True)
class DotProduct:
    """``x . z``: the linear model on the features themselves, of their rank."""

    def block(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """A matrix product."""
        return torch.mm(x, z.mT)

    def __str__(self) -> str:
        return "x.z"
