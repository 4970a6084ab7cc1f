"""Cholesky factorisation of a large symmetric matrix of which only the lower triangle is kept.

It lies in LAPACK's rectangular full packed format (Gustavson et al., ACM Transactions on
Mathematical Software 37, 2010): n^2 / 2 words, factored in place by level-3 BLAS. For an even
n = 2h a rectangle (h, n + 1) holds the lower half of the rows as they are. The upper half lies,
transposed, in the triangle that they leave free:

    cells[i, j] = L[h + i, j]            for j <= h + i
    cells[j, h + 1 + i] = L[i, j]        for j <= i < h

An odd n gets one more row, of the identity. SciPy factors it on a CPU, in one call that can be
neither watched nor interrupted. On a GPU PyTorch factors the halves, in as much memory again.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from scipy.linalg import lapack
from scipy.sparse.linalg import LinearOperator, eigsh

from harness.errors import HarnessError

ROWS = 512
"""Rows of the matrix that are made at a time."""
SMALL = 1_000
"""Rows below which all eigenvalues are found as fast as two."""

DTYPES = {"fp32": torch.float32, "fp64": torch.float64}
"""By a recipe's precision."""
FACTOR = {torch.float32: lapack.spftrf, torch.float64: lapack.dpftrf}
SOLVE = {torch.float32: lapack.spftrs, torch.float64: lapack.dpftrs}

MakeRows = Callable[[int, int], torch.Tensor]
"""``rows(first, last)``: rows first..last-1, columns 0..last-1 of a symmetric matrix."""


class NotPositiveDefinite(HarnessError):
    """A pivot that is not positive: the matrix is singular, or close to it in this precision."""

    def __init__(self, pivot: int, size: int, precision: str) -> None:
        super().__init__(
            f"the kernel matrix of {size:,} points is not positive definite in {precision}: the"
            f" factorisation breaks down at pivot {pivot} (of 0 to {size - 1}); give a ridge, a"
            " narrower kernel, or double precision"
        )
        self.pivot = pivot


class Triangle:
    """The lower triangle of an (n, n) matrix, zero at first, then of its Cholesky factor L."""

    def __init__(self, size: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        self.size, self.half = size, (size + 1) // 2
        self.cells = torch.zeros(self.half, 2 * self.half + 1, dtype=dtype, device=device)
        if size % 2:
            self.cells[-1, -2] = 1

    @property
    def on_gpu(self) -> bool:
        """Whether PyTorch factors and solves."""
        return self.cells.is_cuda

    @property
    def bytes(self) -> int:
        """Memory of the triangle."""
        return self.cells.nbytes

    @property
    def precision(self) -> str:
        """In words: float32."""
        return str(self.cells.dtype).removeprefix("torch.")

    def copy(self) -> "Triangle":
        """A second triangle of the same numbers."""
        other = copy.copy(self)
        other.cells = self.cells.clone()
        return other

    def add(self, rows: MakeRows, progress: Callable[[float], None] = lambda share: None) -> None:
        """Add a symmetric matrix, made a few rows at a time. ``progress`` gets the share done."""
        half, cells = self.half, self.cells
        starts = [*range(0, half, ROWS), *range(half, self.size, ROWS)]
        for first, last in zip(starts, [*starts[1:], self.size], strict=True):
            made = rows(first, last)
            left, corner = made[:, :first], made[:, first:].tril()
            if first < half:
                right = slice(half + 1 + first, half + 1 + last)
                cells[:first, right] += left.mT
                cells[first:last, right] += corner.mT
            else:
                cells[first - half : last - half, :first] += left
                cells[first - half : last - half, first:last] += corner
            progress((last / self.size) ** 2)
        if cells.is_cuda:
            torch.cuda.synchronize()

    def add_products(self, columns: torch.Tensor) -> None:
        """Add ``C C^T`` for columns C (n, c) of a Gram matrix's features."""
        self.add(lambda first, last: columns[first:last] @ columns[:last].mT)

    def add_to_diagonal(self, value: float) -> None:
        """Add a ridge."""
        for part in self._diagonal():
            part += value

    def _diagonal(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Views of the diagonal's halves."""
        lower = self.cells.diagonal(self.half)[: self.size - self.half]
        return self.cells.diagonal(self.half + 1), lower

    def _halves(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Views (h, h): L11 transposed (its upper triangle), L21, and L22 (its lower triangle)."""
        half = self.half
        return self.cells[:, half + 1 :], self.cells[:, :half], self.cells[:, half : 2 * half]

    def factor(self) -> None:
        """Replace the matrix by its factor. Raises NotPositiveDefinite, with the pivot."""
        if self.on_gpu:
            info = self._factor_halves()
        else:
            packed = self.cells.numpy().reshape(-1)
            info = FACTOR[self.cells.dtype](2 * self.half, packed, uplo="U", overwrite_a=True)[1]
        if info:
            raise NotPositiveDefinite(info - 1, self.size, self.precision)

    def _factor_halves(self) -> int:
        """The pivot that fails, counted from 1, or 0."""
        upper, across, lower = self._halves()
        first, info = torch.linalg.cholesky_ex(upper.mT)
        if int(info):
            return int(info)
        upper.tril_(-1).add_(first.mT)
        across.copy_(torch.linalg.solve_triangular(first.mT, across, upper=True, left=False))
        second, info = torch.linalg.cholesky_ex(lower.tril() - across @ across.mT)
        lower.triu_(1).add_(second)
        return int(info) and self.half + int(info)

    def smallest_pivot(self) -> tuple[float, int]:
        """The smallest squared diagonal entry of the factor, and its index.

        It bounds no eigenvalue from below. Close to rounding (epsilon times the largest diagonal
        entry) it shows that the matrix is singular.
        """
        pivots = torch.cat(self._diagonal()).square()
        at = int(pivots.argmin())
        return float(pivots[at]), at

    def solve(self, right: torch.Tensor) -> torch.Tensor:
        """``(L L^T)^-1 right`` for right-hand sides (n, m), in the factor's precision."""
        b = self._padded(right)
        if not self.on_gpu:
            packed = self.cells.numpy().reshape(-1)
            solved, _ = SOLVE[self.cells.dtype](2 * self.half, packed, b.numpy(), uplo="U")
            return torch.from_numpy(solved)[: self.size]
        upper, across, lower = self._halves()
        solve = torch.linalg.solve_triangular
        first = solve(upper.mT, b[: self.half], upper=False)
        second = solve(lower, b[self.half :] - across @ first, upper=False)
        second = solve(lower.mT, second, upper=True)
        first = solve(upper, first - across.mT @ second, upper=True)
        return torch.cat([first, second])[: self.size]

    def product(self, right: torch.Tensor) -> torch.Tensor:
        """``L L^T right`` for vectors (n, m), in the factor's precision."""
        half = self.half
        b = self._padded(right)
        image, result = torch.zeros_like(b), torch.zeros_like(b)
        upper, across, lower = self._halves()
        blocks = [slice(start, min(start + ROWS, half)) for start in range(0, half, ROWS)]
        for rows in blocks:
            image[rows] += upper[rows].triu(rows.start) @ b[:half]
            image[half:] += lower[rows].tril(rows.start).mT @ b[half:][rows]
        image[:half] += across.mT @ b[half:]
        for rows in blocks:
            result[:half] += upper[rows].triu(rows.start).mT @ image[rows]
            result[half:][rows] = lower[rows].tril(rows.start) @ image[half:]
        result[half:] += across @ image[:half]
        return result[: self.size]

    def _padded(self, right: torch.Tensor) -> torch.Tensor:
        """A copy (2h, m), in the factor's precision."""
        padded = self.cells.new_zeros(2 * self.half, right.shape[1])
        padded[: self.size] = right.to(padded)
        return padded

    def spectrum_ends(self) -> tuple[float, float]:
        """Smallest and largest eigenvalue of ``L L^T``, by Lanczos iteration (ARPACK), to 0.1 %.

        The smallest is known to the factor's rounding only.
        """
        if self.size < SMALL:
            whole = self.product(torch.eye(self.size, dtype=torch.float64)).double()
            values = torch.linalg.eigvalsh(whole)
            return float(values[0]), float(values[-1])

        def end(apply: Callable[[torch.Tensor], torch.Tensor]) -> float:
            def image(vector: np.ndarray) -> np.ndarray:
                column = torch.from_numpy(vector.reshape(-1, 1))
                return apply(column)[:, 0].double().cpu().numpy()

            operator = LinearOperator((self.size, self.size), matvec=image, dtype=np.float64)
            start = np.random.default_rng(0).standard_normal(self.size)
            (found,) = eigsh(operator, k=1, v0=start, ncv=12, tol=1e-3, return_eigenvectors=False)
            return float(found)

        return 1 / end(self.solve), end(self.product)


def triangle_bytes(size: int, dtype: torch.dtype = torch.float32) -> int:
    """What a `Triangle` of that size takes."""
    half = (size + 1) // 2
    return half * (2 * half + 1) * dtype.itemsize
