"""Linear models: invalid input, singular matrices, and solves that do not fit in memory."""

from dataclasses import replace

import pytest
import torch

from harness.errors import HarnessError
from harness.linear import memory
from harness.linear.bad_interpolants import interpolants
from harness.linear.examples import examples
from harness.linear.kernels import GaussianKernel
from harness.linear.least_squares import solve_convnet
from harness.linear.machine import SingularKernel, fit
from harness.linear.memory import NotEnoughMemory
from harness.linear.recipe import ConvNetRecipe, KernelRecipe
from harness.linear.ridge import ridge_path
from harness.linear.solve import memory_needed
from harness.linear.triangle import triangle_bytes
from harness.tests.linear.test_features import CONVNET, KERNEL
from harness.tests.linear.test_solver import points


def test_equal_points_are_named():
    x, y = points(9)
    x[7] = x[2]
    with pytest.raises(SingularKernel, match="points 2 and 7 are equal, with different targets"):
        fit(x, y, GaussianKernel(1.0))
    y[7] = y[2]
    with pytest.raises(SingularKernel, match="points 2 and 7 are equal, with the same targets"):
        fit(x, y, GaussianKernel(1.0))
    fit(x, y, GaussianKernel(1.0), ridge=0.1)
    with pytest.raises(SingularKernel, match="points 2 and 7"):
        ridge_path(x, y, GaussianKernel(1.0), (0.0, 1.0), x)
    ridge_path(x, y, GaussianKernel(1.0), (0.1, 1.0), x)


def test_a_singular_kernel_is_reported_and_never_repaired():
    """In five dimensions a kernel this wide is singular to rounding."""
    x, y = points(300)
    with pytest.raises(HarnessError, match=r"pivot|residual"):
        fit(x, y, GaussianKernel(0.01))


def test_a_matrix_too_large_is_refused_before_anything_is_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda device="cpu": 10**9)
    x, y = torch.arange(60_000.0)[:, None], torch.zeros(60_000, 1)
    with pytest.raises(NotEnoughMemory, match=r"60,000 points needs 7\.\d GB, and 1\.0 GB is free"):
        fit(x, y, GaussianKernel(1.0))
    with pytest.raises(NotEnoughMemory, match="ridge path of 60,000 points needs 115"):
        ridge_path(x, y, GaussianKernel(1.0), (0.1,), x[:5])


def test_equal_images_to_interpolate_are_named():
    data = examples(CONVNET, None)
    data.images[7] = data.images[2]
    with pytest.raises(SingularKernel, match="points 2 and 7 are equal"):
        solve_convnet(CONVNET, data, "cpu")
    solve_convnet(replace(CONVNET, filters=(4,)), data, "cpu")
    solve_convnet(replace(CONVNET, ridges=(0.1,)), data, "cpu")


def test_memory_needed_for_a_kernel_is_nearly_the_triangle():
    """60,000 points in single precision: 7.2 GB, and a few rows and label columns."""
    triangle = triangle_bytes(60_000)
    assert 4 * 60_000**2 / 2 < triangle < 1.04 * 4 * 60_000**2 / 2
    full = KernelRecipe(dataset="mnist", gamma=0.02)
    assert triangle < memory_needed(full) < 1.1 * triangle
    assert memory_needed(replace(full, precision="fp64")) > 1.9 * triangle
    assert memory_needed(replace(full, train_size=6_000)) < 0.05 * triangle


def test_memory_needed_counts_features_and_triangles(monkeypatch):
    full = ConvNetRecipe(dataset="cifar10", filters=(2_000,))
    features, triangle = 4 * 60_000 * 16_001, triangle_bytes(16_001)
    assert memory_needed(full) == features + triangle
    assert memory_needed(replace(full, ridges=(0.0, 0.1))) == features + 2 * triangle
    streamed = replace(full, filters=(32_000,), streamed=True)
    assert memory_needed(streamed) == 4 * 60_000 * 2_049 + triangle_bytes(50_000)
    monkeypatch.setattr(memory, "available_bytes", lambda device="cpu": 10**4)
    with pytest.raises(NotEnoughMemory, match=r"12 random patches .* needs"):
        solve_convnet(CONVNET, examples(CONVNET, None), "cpu")
    with pytest.raises(NotEnoughMemory, match="interpolation of 80 points needs"):
        interpolants(KERNEL, 20, [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "mnits"}, "unknown dataset 'mnits'; nearest: mnist"),
        ({"train_size": 1_798}, "train_size = 1798, .*leaves 747 training images"),
    ],
)
def test_a_recipe_without_its_data_is_refused(change, message):
    with pytest.raises(HarnessError, match=message):
        replace(KERNEL, **change)
