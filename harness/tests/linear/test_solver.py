"""The exact kernel solver: against scipy and scikit-learn, and what bad input gets."""

import mmap

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.datasets import load_digits
from sklearn.kernel_ridge import KernelRidge

from harness.linear.kernels import GaussianKernel
from harness.linear.machine import bytes_needed, fit
from harness.linear.memory import peak_bytes, reset_peak
from harness.linear.refinement import NotConverged, refine
from harness.linear.ridge import ridge_path
from harness.linear.triangle import HEIGHT, WIDTH, NotPositiveDefinite, Triangle, triangle_bytes


def positive_definite(n, smallest=0.1, dtype=torch.float64):
    """Eigenvalues from ``smallest`` to 1, spaced evenly in the logarithm."""
    draw = torch.Generator().manual_seed(n)
    basis = torch.linalg.qr(torch.randn(n, n, generator=draw, dtype=torch.float64)).Q
    values = torch.logspace(np.log10(smallest), 0, n, dtype=torch.float64)
    return ((basis * values) @ basis.mT).to(dtype)


def triangle_of(matrix, height, width):
    made = Triangle(len(matrix), matrix.dtype, height=height, width=width)
    made.factor(lambda first, last, out: out.copy_(matrix[first:last, :last]))
    return made


def points(n=60, d=5, m=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(n, d, generator=draw), torch.randn(n, m, generator=draw)


# --- Factorisation ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "height", "width"),
    [(1, 4, 2), (4, 4, 2), (7, 4, 2), (8, 4, 4), (50, 16, 8), (33, 32, 32), (700, 512, 256)],
)
def test_the_factor_is_scipys(n, height, width):
    matrix = positive_definite(n)
    made = triangle_of(matrix, height, width)
    expected = scipy.linalg.cholesky(matrix.numpy(), lower=True)
    for panel, (first, last) in zip(made.panels, made.spans, strict=True):
        lower = np.tril(panel.numpy(), first)
        np.testing.assert_allclose(lower, expected[first:last, :last], atol=1e-13)


def test_a_nearly_singular_kernel_is_factored_where_blas_factors_it():
    """Products with inverses of wide triangles are less exact than BLAS's solves, and fail here."""
    x = torch.unique(torch.from_numpy(load_digits().data / 16).float(), dim=0)
    gram = GaussianKernel(0.02).block(x, x)
    right = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(0))
    theirs = torch.cholesky_solve(right, torch.linalg.cholesky(gram))
    ours = triangle_of(gram, HEIGHT, WIDTH).solve(right)
    left, its = (float((right - gram.double() @ a.double()).norm()) for a in (ours, theirs))
    # 1.0 to 1.4 times over four draws; blocks of 512 end in a negative pivot.
    assert left < 3 * its


def test_solving_is_scipys_for_many_right_hand_sides():
    matrix, right = positive_definite(45), torch.randn(45, 6, dtype=torch.float64)
    made = triangle_of(matrix, 16, 4)
    expected = scipy.linalg.solve(matrix.numpy(), right.numpy(), assume_a="pos")
    np.testing.assert_allclose(made.solve(right).numpy(), expected, rtol=1e-10, atol=1e-12)


def test_gram_matrices_may_come_in_chunks_of_features():
    features = torch.randn(30, 50, dtype=torch.float64)
    whole = triangle_of(features @ features.mT, 8, 4)
    summed = Triangle(30, torch.float64, height=8, width=4)
    for chunk in features.split(7, dim=1):
        summed.add_products(chunk)
    summed.factor()
    right = torch.randn(30, 2, dtype=torch.float64)
    torch.testing.assert_close(summed.solve(right), whole.solve(right))


def test_a_triangle_takes_half_a_matrix():
    n = 60_000
    assert triangle_bytes(n) < 1.04 * n**2 / 2 * 4
    assert bytes_needed(n, 784, 20) < 1.15 * n**2 / 2 * 4
    made = Triangle(10, height=4, width=2)
    made.factor(lambda first, last, out: out.copy_(torch.eye(10)[first:last, :last]))
    held = sum(panel.numel() * panel.element_size() for panel in made.panels)
    assert held == made.bytes == 4 * (4 * 4 + 4 * 8 + 2 * 10)


@pytest.mark.parametrize("at", [0, 5, 11, 16])
def test_the_pivot_that_fails_is_named(at):
    matrix = torch.diag(torch.arange(1.0, 18.0, dtype=torch.float64))
    matrix[at, at] = -3.0
    with pytest.raises(NotPositiveDefinite, match=f"pivot {at} .* is -3") as caught:
        triangle_of(matrix, 8, 4)
    assert caught.value.pivot == at
    assert caught.value.eigenvalue == pytest.approx(-3.0)


def test_the_smallest_pivot_is_reported():
    matrix = torch.diag(torch.tensor([4.0, 9.0, 0.25, 16.0, 1.0, 1.0], dtype=torch.float64))
    made = triangle_of(matrix, 4, 2)
    assert made.timing.smallest_pivot == pytest.approx(0.25)
    assert made.timing.smallest_pivot_at == 2


def test_progress_grows_to_one():
    told = []
    matrix = positive_definite(40)
    made = Triangle(40, torch.float64, height=8, width=4)
    made.factor(lambda first, last, out: out.copy_(matrix[first:last, :last]), told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 20


def test_an_interrupt_ends_a_factorisation():
    def interrupt(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Triangle(4).factor(lambda first, last, out: out.copy_(torch.eye(4)), interrupt)


# --- Refinement ------------------------------------------------------------------------------


def test_refinement_reaches_double_precision_from_a_single_precision_factor():
    matrix, right = positive_definite(80, 1e-4), torch.randn(80, 2, dtype=torch.float64)
    made = triangle_of(matrix.float(), 32, 16)
    refined = refine(made, lambda v: matrix @ v, right, 1e-10)
    assert refined.method == "refinement"
    assert refined.history[0] > 1e-6 > 1e-10 > refined.history[-1]
    torch.testing.assert_close(matrix @ refined.coefficients, right)
    torch.testing.assert_close(refined.residual, right - matrix @ refined.coefficients)


def test_residuals_in_single_precision_gain_nothing():
    """The measure that a planted fault would move: why residuals are float64."""
    matrix, right = positive_definite(80, 1e-4), torch.randn(80, 2, dtype=torch.float64)
    made = triangle_of(matrix.float(), 32, 16)
    with pytest.raises(NotConverged, match=r"float32, its smallest pivot, number \d+, is 0\.00"):
        refine(made, lambda v: (matrix.float() @ v.float()).double(), right, 1e-10)


def test_a_residual_that_is_no_number_ends_the_products():
    """At full size each product takes a minute."""
    matrix, right = positive_definite(20), torch.randn(20, 2, dtype=torch.float64)
    products = []

    def product(v):
        products.append(v)
        return matrix @ v * (1.5 if len(products) < 3 else float("nan"))

    with pytest.raises(NotConverged, match="residual is nan after 3 products"):
        refine(triangle_of(matrix, 32, 16), product, right, 1e-10)


def test_conjugate_gradients_take_over_where_refinement_stalls():
    matrix, right = positive_definite(80, 1e-3), torch.randn(80, 2, dtype=torch.float64)
    poor = triangle_of(matrix + 0.005 * torch.eye(80, dtype=torch.float64), 32, 16)
    refined = refine(poor, lambda v: matrix @ v, right, 1e-9)
    assert refined.method == "conjugate gradients"
    torch.testing.assert_close(matrix @ refined.coefficients, right, rtol=1e-6, atol=1e-7)


# --- Machines --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_machine_on_digits_is_scikit_learns_to_rounding(dtype):
    images, labels = load_digits(return_X_y=True)
    x, y = torch.from_numpy(images[:300] / 16).float(), torch.eye(10)[labels[:300]]
    machine = fit(x, y, GaussianKernel(0.05), dtype=dtype, tolerance=1e-12)
    theirs = KernelRidge(alpha=0.0, kernel="rbf", gamma=0.05)
    theirs.fit(x.double().numpy(), y.double().numpy())
    np.testing.assert_allclose(
        machine.refined.coefficients.numpy(), theirs.dual_coef_, rtol=1e-8, atol=1e-9
    )
    z = torch.from_numpy(images[300:] / 16)
    np.testing.assert_allclose(machine.predict(z).numpy(), theirs.predict(z.numpy()), atol=1e-10)


@pytest.mark.parametrize("start", [1.0, 1e-3])
def test_a_class_without_examples_is_fitted_by_zeros(start):
    """Its targets are zeros, and so is its right-hand side: by refinement and by gradients."""
    matrix, right = positive_definite(80, 1e-3), torch.randn(80, 3, dtype=torch.float64)
    right[:, 1] = 0
    poor = triangle_of(matrix + 5e-3 * (start < 1) * torch.eye(80, dtype=matrix.dtype), 32, 16)
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


def test_a_fit_stays_within_the_memory_it_asks_for():
    """A second copy of the triangle, 68 MB, would not."""
    x, y = points(5_000, 20)
    reset_peak()
    before = peak_bytes()
    fit(x, y, GaussianKernel(3.0), 0.1)
    # Libraries' own buffers are on top; pages that this process holds already are not.
    assert peak_bytes() - before <= bytes_needed(5_000, 20, 3) + 30e6


def test_the_peak_is_that_of_memory_which_is_free_again():
    reset_peak()
    before = peak_bytes()
    with mmap.mmap(-1, 64_000_000) as pages:  # New ones: a heap would reuse its own.
        pages.write(b"1" * len(pages))
    # Linux counts a process's pages by the core and adds up now and then: 96 kB were missing once.
    assert 60e6 <= peak_bytes() - before < 200e6
