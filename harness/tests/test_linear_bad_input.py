"""Linear models: what bad input gets, and what does not fit in memory."""

import re
from dataclasses import replace

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
from harness.linear.recipe import ConvNetRecipe
from harness.linear.ridge import ridge_path
from harness.linear.solve import memory_needed
from harness.linear.triangle import triangle_bytes
from harness.tests.test_linear_features import CONVNET, KERNEL
from harness.tests.test_linear_solver import points


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


@pytest.mark.parametrize("gamma", [0.0, -1.0, float("inf"), float("nan")])
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
