"""The memory that a factor keeps, measured."""

import torch

from harness.linear.triangle import Triangle


def kept_bytes(size: int, height: int) -> int:
    """Factor a matrix in panels of that height, and count the bytes that the factor keeps."""
    factor = Triangle(size, height=height)
    factor.add_products(torch.rand(size, 4, generator=torch.Generator().manual_seed(0)))
    factor.add_to_diagonal(1.0)
    factor.factor()
    return sum(panel.untyped_storage().nbytes() for panel in factor.panels)
