"""Looking at the solver from outside: what does a factor keep in memory?"""

import torch

from harness.linear.kernels import GaussianKernel
from harness.linear.triangle import Triangle


def kept_bytes(size: int, height: int) -> int:
    """Factor a Gaussian kernel of random points in panels of ``height`` rows, and count the bytes
    of the storages that the panels hold, views or not.
    """
    points = torch.rand(size, 4, generator=torch.Generator().manual_seed(0))
    kernel = GaussianKernel(1.0)
    factor = Triangle(size, height=height, width=height)

    def fill(first: int, last: int, out: torch.Tensor) -> None:
        out.copy_(kernel.block(points[first:last], points[:last]))
        out[:, first:last].diagonal().add_(1.0)  # Random points are near one another.

    factor.factor(fill)
    return sum(panel.untyped_storage().nbytes() for panel in factor.panels)
