"""Kernels, and their products with vectors: exact, tile by tile."""

import pytest
import torch

from harness.linear.examples import features, kernel_points
from harness.linear.kernels import GaussianKernel
from harness.linear.recipe import GaborBank, Pixels
from harness.linear.refinement import kernel_product
from harness.tests.linear.test_solver import points


def test_the_gaussian_kernel_is_exp_of_minus_gamma_squared_distance():
    x, _ = points(9)
    expected = (-0.7 * torch.cdist(x.double(), x.double()).square()).exp()
    torch.testing.assert_close(GaussianKernel(0.7).block(x.double(), x.double()), expected)


@pytest.mark.parametrize("tile", [4, 7, 100])
def test_products_with_the_kernel_are_exact_tile_by_tile(tile):
    x, v = points(23)
    kernel = GaussianKernel(0.7)
    expected = kernel.block(x.double(), x.double()) @ v.double() + 0.3 * v.double()
    torch.testing.assert_close(kernel_product(kernel, x, v, 0.3, tile), expected)


def test_pixels_are_whole_points_of_a_kernel_in_their_unit():
    images = torch.randint(256, (6, 1, 4, 4), dtype=torch.uint8)
    x, unit = kernel_points(Pixels(), images)
    assert torch.equal(x, x.round())
    plain = GaussianKernel(0.3).block(*[features(Pixels(), images).double()] * 2)
    torch.testing.assert_close(GaussianKernel(0.3 * unit**2).block(x.double(), x.double()), plain)
    bank = GaborBank(orientations=1, frequencies=(0.2,), pool=2)
    x, unit = kernel_points(bank, images)
    assert unit == 1 and torch.equal(x, features(bank, images))
