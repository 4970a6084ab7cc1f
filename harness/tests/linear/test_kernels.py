"""Kernels, and their products with vectors: exact, tile by tile."""

import pytest
import torch

from harness.linear.examples import features, kernel_points
from harness.linear.kernels import GaussianKernel, exact_product
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


def test_a_product_multiplies_tiles_by_the_given_function():
    x, v = torch.randint(256, (23, 70)).float(), torch.randn(23, 3)
    kernel, multiplied = GaussianKernel(1e-5), []

    def mm(left, right):
        multiplied.append(left)
        return exact_product(x)(left, right)

    got = kernel_product(kernel, x, v, 0.3, 10, mm)
    assert len(multiplied) == 6
    torch.testing.assert_close(got, kernel_product(kernel, x, v, 0.3, 10))


@pytest.mark.parametrize("largest", [1, 255, 1_000])
def test_products_of_whole_numbers_are_exact_in_single_precision(largest):
    """Also where sums over all columns would not be: 700 times 255^2 is above 2^24."""
    draw = torch.Generator().manual_seed(0)
    x, z = (torch.randint(largest + 1, (n, 700), generator=draw).float() for n in (30, 20))
    x[3], z[4] = largest, largest
    product = exact_product(x, z)
    # Above 512 so few columns go together that nothing is gained.
    assert (product is torch.mm) == (largest == 1_000)
    expected = x.double() @ z.double().mT
    assert torch.equal(product(x.double(), z.double().mT), expected)
    assert torch.equal(x @ z.mT, expected) == (largest == 1)


def test_other_products_are_in_double_precision():
    x = torch.ones(5, 100)
    assert exact_product(x, x[:0]) is not torch.mm
    assert exact_product(x, x + 0.5) is torch.mm
    assert exact_product(x / 255) is torch.mm


def test_pixels_are_whole_points_of_a_kernel_in_their_unit():
    images = torch.randint(256, (6, 1, 4, 4), dtype=torch.uint8)
    x, unit = kernel_points(Pixels(), images)
    assert exact_product(x) is torch.mm  # Sixteen columns are too few to gain.
    assert torch.equal(x, x.round())
    plain = GaussianKernel(0.3).block(*[features(Pixels(), images).double()] * 2)
    torch.testing.assert_close(GaussianKernel(0.3 * unit**2).block(x.double(), x.double()), plain)
    bank = GaborBank(orientations=1, frequencies=(0.2,), pool=2)
    x, unit = kernel_points(bank, images)
    assert unit == 1 and torch.equal(x, features(bank, images))
