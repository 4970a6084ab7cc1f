"""Linear models: what bad input gets, and what does not fit in memory."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.errors import HarnessError, InvalidRecipe
from harness.linear import memory
from harness.linear.bad_interpolants import interpolants
from harness.linear.examples import examples
from harness.linear.kernels import DotProduct, GaussianKernel
from harness.linear.least_squares import solve_convnet
from harness.linear.machine import SingularKernel, fit
from harness.linear.memory import NotEnoughMemory
from harness.linear.recipe import ConvNetRecipe, GaborBank, KernelRecipe
from harness.linear.ridge import ridge_path
from harness.linear.solve import memory_needed
from harness.linear.triangle import NotPositiveDefinite, triangle_bytes
from harness.tests.linear.test_features import CONVNET, KERNEL
from harness.tests.linear.test_solver import points


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": torch.full((4, 2), float("nan"))}, "points: row 0 holds NaN"),
        ({"targets": torch.tensor([[0.0], [1.0], [float("inf")], [0.0]])}, "targets: row 2"),
        ({"targets": torch.zeros(3, 1)}, "4 points and 3 targets"),
        ({"targets": torch.zeros(4)}, r"targets of shape \(4,\)"),
        ({"targets": torch.zeros(4, 0)}, r"targets of shape \(4, 0\)"),
        ({"ridge": 0.0}, "ridge = 0.0, but it should be above 0"),
        ({"ridge": -1.0}, "ridge = -1.0"),
        ({"ridge": "0.1"}, "ridge = '0.1'"),
        ({"tolerance": 0.0}, "tolerance = 0.0, but it should be above 0"),
        ({"dtype": torch.float16}, "dtype = torch.float16, but the factor should be float32"),
        ({"points": np.eye(4)}, r"points of type ndarray; give a tensor: torch.as_tensor"),
        ({"targets": np.eye(4)}, "targets of type ndarray"),
        ({"points": torch.zeros(4, 70, dtype=torch.uint8)}, "points of uint8; give float32"),
        ({"points": torch.zeros(4, 2, dtype=torch.float16)}, "points of float16"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"points": torch.eye(4)[:, :2] + torch.arange(4.0)[:, None], "targets": torch.eye(4)}
    given |= {"kernel": GaussianKernel(1.0), **change}
    with pytest.raises(HarnessError, match=message):
        fit(**given)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (torch.zeros(5, 4), r"queries of shape \(5, 4\), but they should be \(b, 3\)"),
        (np.zeros((5, 3)), "queries of type ndarray"),
        (torch.zeros(3), r"queries of shape \(3,\)"),
        (torch.tensor([[0.0, float("nan"), 0.0]]), "queries: row 0 holds NaN"),
    ],
)
def test_bad_queries_are_refused(queries, message):
    x, y = points(9, d=3)
    with pytest.raises(HarnessError, match=message):
        fit(x, y, GaussianKernel(1.0)).predict(queries)
    with pytest.raises(HarnessError, match=message):
        ridge_path(x, y, GaussianKernel(1.0), (0.1,), queries)


@pytest.mark.parametrize("ridges", [(), (0.1, -1.0), (float("nan"),), (float("inf"),)])
def test_bad_ridges_of_a_path_are_refused(ridges):
    x, y = points(9)
    with pytest.raises(HarnessError, match=r"ridges = .* 0 or above, and finite"):
        ridge_path(x, y, GaussianKernel(1.0), ridges, x)


@pytest.mark.parametrize("gamma", [0.0, -1.0, float("inf"), float("nan"), None, "1"])
def test_a_bandwidth_must_be_positive(gamma):
    with pytest.raises(InvalidRecipe, match="gamma = "):
        GaussianKernel(gamma)


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


def test_a_singular_kernel_is_reported_and_never_mended():
    x, y = points(9, d=3)
    with pytest.raises(HarnessError, match=r"pivot|residual"):
        fit(x, y, DotProduct())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_pivot_of_a_breakdown_is_as_small_as_its_block_allows(dtype):
    """Points of a space of 5: the kernel is singular to rounding long before it has 300 pivots."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(300, 5, generator=draw)
    with pytest.raises(NotPositiveDefinite, match="breaks down at pivot") as caught:
        fit(x, torch.ones(300, 1), GaussianKernel(0.01), dtype=dtype)
    assert 0 <= caught.value.pivot < 300
    assert abs(caught.value.value) < 1e-4
    assert caught.value.eigenvalue < 1e-4


def test_a_matrix_too_large_is_refused_before_anything_is_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda device="cpu": 10**9)
    x, y = torch.arange(60_000.0)[:, None], torch.zeros(60_000, 1)
    with pytest.raises(NotEnoughMemory, match=r"60,000 points needs 7\.\d GB, and 1\.0 GB is free"):
        fit(x, y, GaussianKernel(1.0))
    with pytest.raises(NotEnoughMemory, match="ridge path of 60,000 points needs 115"):
        ridge_path(x, y, GaussianKernel(1.0), (0.1,), x[:5])


def test_equal_images_are_named_where_they_would_be_interpolated():
    data = examples(CONVNET, None)
    data.images[7] = data.images[2]
    with pytest.raises(SingularKernel, match="points 2 and 7 are equal"):
        solve_convnet(CONVNET, data, "cpu")
    solve_convnet(replace(CONVNET, filters=(4,)), data, "cpu")
    solve_convnet(replace(CONVNET, ridges=(0.1,)), data, "cpu")


def test_a_kernel_asks_for_its_triangle():
    """60,000 points in single precision: 7.2 GB and the panels' waste, as ten label columns are."""
    triangle = triangle_bytes(60_000)
    assert 4 * 60_000**2 / 2 < triangle < 1.05 * 4 * 60_000**2 / 2
    full = KernelRecipe(dataset="mnist", gamma=0.02)
    assert triangle < memory_needed(full) < 1.1 * triangle
    assert memory_needed(replace(full, precision="fp64")) > 1.9 * triangle
    assert memory_needed(replace(full, train_size=6_000)) < 0.05 * triangle


def test_a_layer_asks_for_all_that_it_keeps(monkeypatch):
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
        interpolants(KERNEL, 20)


def test_available_memory_is_known_here():
    there = memory.available_bytes()
    assert there is None or 10**7 < there < 10**14
    assert re.fullmatch(r"\d+\.\d GB", memory.in_gb(5e9))


KERNELS = {"dataset": "digits", "gamma": 0.1}
CONVNETS = {"dataset": "digits", "patch": 3, "filters": (4,)}


@pytest.mark.parametrize(
    ("make", "change", "message"),
    [
        (KernelRecipe, {"gamma": None}, "gamma = None, but it should be above 0 and finite"),
        (KernelRecipe, {"gamma": "0.02"}, "gamma = '0.02', but it should be above 0"),
        (KernelRecipe, {"gamma": True}, "gamma = True"),
        (KernelRecipe, {"ridge": "0.1"}, "ridge = '0.1', but it should be above 0 .*, or None"),
        (KernelRecipe, {"train_size": 10.5}, "train_size = 10.5, but it should be an integer from"),
        (KernelRecipe, {"train_size": 1_798}, "an integer from 1 to 797"),
        (KernelRecipe, {"held_out": 1.5}, "held_out = 1.5, but it should be an integer from 0"),
        (KernelRecipe, {"seed": -1}, "seed = -1, but it should be an integer from 0 up"),
        (KernelRecipe, {"features": None}, r"features = None, but .* Pixels\(\) or a GaborBank"),
        (KernelRecipe, {"corruptions": 0.5}, "corruptions = 0.5, but it should be a sequence"),
        (KernelRecipe, {"corruptions": (2,)}, r"corruptions = \(2,\), but each should be a share"),
        (KernelRecipe, {"precision": "bf16"}, "precision = 'bf16', but it should be fp32 or fp64"),
        (ConvNetRecipe, {"precision": "bf16"}, "precision = 'bf16'"),
        (ConvNetRecipe, {"filters": ()}, r"filters = \(\)"),
        (ConvNetRecipe, {"filters": 4}, "filters = 4, but it should be a sequence"),
        (ConvNetRecipe, {"filters": (2.5,)}, "filters = 2.5, but it should be an integer from 1"),
        (ConvNetRecipe, {"filters": (True,)}, "filters = True"),
        (ConvNetRecipe, {"filters": (float("nan"),)}, "filters = nan"),
        (ConvNetRecipe, {"filters": (4, 4)}, r"filters = \(4, 4\), but each should stand .* once"),
        (KernelRecipe, {"corruptions": (0, 0.0)}, "corruptions = .* once"),
        (ConvNetRecipe, {"patch": 2.5}, "patch = 2.5, but it should be an integer from 1 to 7"),
        (ConvNetRecipe, {"threshold": None}, "threshold = None"),
        (ConvNetRecipe, {"ridges": (-1.0,)}, r"ridges = \(-1.0,\), but each should be 0 or above"),
    ],
)
def test_a_recipe_that_is_none_is_refused(make, change, message):
    given = KERNELS if make is KernelRecipe else CONVNETS
    with pytest.raises(InvalidRecipe, match=message):
        make(**{**given, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pool": 1.5}, "pool = 1.5, but it should be an integer from 1 up"),
        ({"orientations": 0}, "orientations = 0"),
        ({"frequencies": ("0.1",)}, "frequencies = .* cycles a pixel"),
        ({"frequencies": (float("nan"),)}, "frequencies = "),
        ({"noise_seed": 0.5}, "noise_seed = 0.5"),
    ],
)
def test_a_bank_that_is_none_is_refused(change, message):
    with pytest.raises(InvalidRecipe, match=message):
        GaborBank(**change)
