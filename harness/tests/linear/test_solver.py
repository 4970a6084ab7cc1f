"""The exact kernel solver against SciPy and scikit-learn."""

import copy
import mmap

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.kernel_ridge import KernelRidge

from harness.linear import triangle
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import fit
from harness.linear.memory import available_bytes, peak_bytes, reset_peak
from harness.linear.refinement import NotConverged, refine
from harness.linear.ridge import ridge_path
from harness.linear.triangle import NotPositiveDefinite, Triangle


def positive_definite(n, smallest=0.1, dtype=torch.float64):
    """Eigenvalues from ``smallest`` to 1, spaced evenly in the logarithm."""
    draw = torch.Generator().manual_seed(n)
    basis = torch.linalg.qr(torch.randn(n, n, generator=draw, dtype=torch.float64)).Q
    values = torch.logspace(np.log10(smallest), 0, n, dtype=torch.float64)
    return ((basis * values) @ basis.mT).to(dtype)


def packed(matrix):
    made = Triangle(len(matrix), matrix.dtype)
    made.add(lambda first, last: matrix[first:last, :last])
    return made


def factored(matrix):
    made = packed(matrix)
    made.factor()
    return made


def points(n=60, d=5, m=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(n, d, generator=draw), torch.randn(n, m, generator=draw)


# --- Factorisation ---------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch):
    """Panels of eight rows, so that small matrices have many."""
    for name, size in {"HEIGHT": 8, "WIDTH": 4, "ROWS": 2, "BLOCK": 3}.items():
        monkeypatch.setattr(triangle, name, size)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 50, 51])
def test_factor_solve_and_product_are_scipys(n):
    matrix, right = positive_definite(n), torch.randn(n, 6, dtype=torch.float64)
    made = factored(matrix)
    expected = scipy.linalg.cholesky(matrix.numpy(), lower=True)
    pivots = np.diag(expected) ** 2
    assert made.smallest_pivot() == (pytest.approx(pivots.min()), pivots.argmin())
    solved = scipy.linalg.cho_solve((expected, True), right.numpy())
    np.testing.assert_allclose(made.solve(right).numpy(), solved, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(made.product(right), matrix @ right)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("at", [0, 5, 11, 16])
def test_the_pivot_that_fails_is_named(at):
    matrix = torch.diag(torch.arange(1.0, 18.0, dtype=torch.float64))
    matrix[at, at] = -3.0
    with pytest.raises(NotPositiveDefinite, match=f"pivot {at} ") as caught:
        factored(matrix)
    assert caught.value.pivot == at


@pytest.mark.parametrize("size", [70, 1_101])
def test_the_ends_of_the_spectrum_are_known(size):
    matrix = positive_definite(size)
    assert factored(matrix).spectrum_ends() == pytest.approx((0.1, 1.0), rel=2e-3)


def test_gram_matrices_may_come_in_chunks_of_features():
    features = torch.randn(31, 50, dtype=torch.float64)
    summed = Triangle(31, torch.float64)
    for chunk in features.split(7, dim=1):
        summed.add_products(chunk)
    before = copy.deepcopy(summed)
    summed.add_to_diagonal(2.0)
    expected = packed(features @ features.mT + 2 * torch.eye(31, dtype=torch.float64))
    torch.testing.assert_close(summed.panels[0].tril(), expected.panels[0].tril())
    assert not torch.equal(before.panels[0], summed.panels[0])


# --- Refinement ------------------------------------------------------------------------------


def test_refinement_reaches_double_precision_from_a_single_precision_factor():
    matrix, right = positive_definite(80, 1e-4), torch.randn(80, 2, dtype=torch.float64)
    made = factored(matrix.float())
    refined = refine(made, lambda v: matrix @ v, right, 1e-10)
    assert refined.method == "refinement"
    assert refined.history[0] > 1e-6 > 1e-10 > refined.history[-1]
    torch.testing.assert_close(matrix @ refined.coefficients, right)
    torch.testing.assert_close(refined.residual, right - matrix @ refined.coefficients)


def test_residuals_in_single_precision_gain_nothing():
    matrix, right = positive_definite(80, 1e-4), torch.randn(80, 2, dtype=torch.float64)
    made = factored(matrix.float())
    with pytest.raises(NotConverged, match=r"float32, its smallest pivot, number \d+, is 0\.00"):
        refine(made, lambda v: (matrix.float() @ v.float()).double(), right, 1e-10)


def test_a_residual_of_nan_ends_the_refinement():
    """At full size each product takes a minute."""
    matrix, right = positive_definite(20), torch.randn(20, 2, dtype=torch.float64)
    products = []

    def product(v):
        products.append(v)
        return matrix @ v * (1.5 if len(products) < 3 else float("nan"))

    with pytest.raises(NotConverged, match="residual is nan after 3 products"):
        refine(factored(matrix), product, right, 1e-10)


# --- Machines --------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [1.0, 1e-3])
def test_conjugate_gradients_take_over_where_refinement_stalls(start):
    """A class without examples has a right-hand side of zero, whose norm neither divides by."""
    matrix, right = positive_definite(80, 1e-3), torch.randn(80, 3, dtype=torch.float64)
    right[:, 1] = 0
    poor = factored(matrix + 5e-3 * (start < 1) * torch.eye(80, dtype=matrix.dtype))
    refined = refine(poor, lambda v: matrix @ v, right, 1e-9)
    assert refined.method == ("refinement" if start == 1 else "conjugate gradients")
    assert not refined.coefficients[:, 1].any()
    torch.testing.assert_close(matrix @ refined.coefficients, right, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("ridge", [None, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_machine_is_scikit_learns(ridge, dtype):
    x, y = points(150, 4)
    z, _ = points(40, 4, seed=1)
    machine = fit(x, y, GaussianKernel(8.0), ridge, dtype=dtype)
    theirs = KernelRidge(alpha=ridge or 0.0, kernel="rbf", gamma=8.0)
    theirs.fit(x.double().numpy(), y.double().numpy())
    expected = theirs.predict(z.double().numpy())
    np.testing.assert_allclose(machine.predict(z).numpy(), expected, atol=1e-4)
    gram = GaussianKernel(8.0).block(x.double(), x.double())
    alpha = torch.from_numpy(theirs.dual_coef_)
    norms = (alpha * (gram @ alpha)).sum(0).sqrt()
    torch.testing.assert_close(machine.norms, norms, rtol=1e-4, atol=0)
    torch.testing.assert_close(machine.fitted, machine.predict(x), rtol=0, atol=1e-8)


def test_a_ridge_path_is_scikit_learns():
    x, y = points(60, 4)
    z, _ = points(20, 4, seed=1)
    ridges = (0.0, 0.01, 1.0)
    path = ridge_path(x, y, GaussianKernel(8.0), ridges, z)
    for ridge, outputs in zip(ridges, path, strict=True):
        theirs = KernelRidge(alpha=ridge, kernel="rbf", gamma=8.0)
        theirs.fit(x.double().numpy(), y.double().numpy())
        np.testing.assert_allclose(outputs.numpy(), theirs.predict(z.double().numpy()), atol=1e-7)


def test_the_peak_is_that_of_memory_which_is_free_again():
    reset_peak()
    before = peak_bytes()
    with mmap.mmap(-1, 64_000_000) as pages:  # New ones: a heap would reuse its own.
        pages.write(b"1" * len(pages))
    # Linux counts pages for each core and adds them up now and then.
    assert 60e6 <= peak_bytes() - before < 200e6


def test_memory_of_a_gpu_is_asked_for_once_cuda_is_ready_and_nothing_is_cached(monkeypatch):
    """The driver counts cached blocks as used, and before CUDA is ready no device is valid."""
    called = []
    for name, answer in {
        "init": None,
        "empty_cache": None,
        "mem_get_info": (5, 9),
        "reset_peak_memory_stats": None,
        "memory_allocated": 7,
    }.items():
        monkeypatch.setattr(
            torch.cuda, name, lambda *given, name=name, answer=answer: called.append(name) or answer
        )
    assert (available_bytes("cuda:0"), reset_peak("cuda:0")) == (5, 7)
    assert called[:2] == ["empty_cache", "mem_get_info"]
    assert called[2:] == ["init", "reset_peak_memory_stats", "memory_allocated"]
