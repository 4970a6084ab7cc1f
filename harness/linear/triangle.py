"""Cholesky factorisation of a large symmetric matrix of which only the lower triangle is kept.

The triangle lies in row panels; panel p is a dense ``(rows, last row + 1)`` matrix. Only what lies
above the diagonal within one panel is wasted, HEIGHT / n of the memory. Each panel is updated by
those above it and factored in place (left-looking: Golub & Van Loan, Matrix Computations, section
4.2.9), so that nearly all work is products of large matrices, on a CPU as on a GPU.

LAPACK's packed factorisation (``spftrf``) is 3 % smaller and about as fast: 3.0 s and 3.1 s of a
core for 8,000 rows, 19 s and 22 s for 16,000. But SciPy refuses it above 46,340 rows (n (n + 1)
overflows its 32-bit check), and it can be neither watched nor interrupted.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from harness.errors import HarnessError

HEIGHT = 2_048
"""Rows of a panel."""
WIDTH = 512
"""Columns of a step."""
ROWS = 512
"""Rows of the matrix that are made at a time; divides HEIGHT."""
BLOCK = 128
"""Columns that are solved for at once, by a product with their inverse triangle: BLAS's triangular
solves run at a third of a product's rate. Residuals are those of BLAS up to 128, not at 512."""
SMALL = 1_000
"""Rows below which all eigenvalues are found as fast as two."""

DTYPES = {"fp32": torch.float32, "fp64": torch.float64}
"""By a recipe's precision."""

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

    def __init__(
        self,
        size: int,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        height: int | None = None,
    ) -> None:
        """Panels have ``height`` rows, by default HEIGHT."""
        self.size, self.dtype, self.device, self.height = size, dtype, device, height or HEIGHT
        self.panels = [
            torch.zeros(last - first, last, dtype=dtype, device=device)
            for first, last in _spans(size, self.height)
        ]

    @property
    def precision(self) -> str:
        """In words: float32."""
        return str(self.dtype).removeprefix("torch.")

    def add(self, rows: MakeRows, progress: Callable[[float], None] = lambda share: None) -> None:
        """Add a symmetric matrix, made a few rows at a time. ``progress`` gets the share done."""
        step = min(ROWS, self.height)
        for first in range(0, self.size, step):
            last = min(first + step, self.size)
            self._rows(first, last).add_(rows(first, last))
            progress((last / self.size) ** 2)
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()

    def add_products(self, columns: torch.Tensor) -> None:
        """Add ``C C^T`` for columns C (n, c) of a Gram matrix's features."""
        for panel, (first, last) in zip(self.panels, _spans(self.size, self.height), strict=True):
            panel.addmm_(columns[first:last], columns[:last].mT)

    def add_to_diagonal(self, value: float) -> None:
        """Add a ridge."""
        for _, square, _ in self._parts():
            square.diagonal().add_(value)

    def factor(self, progress: Callable[[float], None] = lambda share: None) -> None:
        """Replace the matrix by its factor. Raises NotPositiveDefinite, with the pivot.

        ``progress`` gets the share of the work done.
        """
        for panel, (first, last) in zip(self.panels, _spans(self.size, self.height), strict=True):
            step = min(WIDTH, self.height)
            for column in range(0, last, step):
                end = min(column + step, last)
                self._factor_columns(panel, first, column, end)
                # Rows above cost their cube; a panel's columns the square of their distance.
                done = first**3 + (last**3 - first**3) * (end / last) ** 2
                progress(done / self.size**3)

    def _factor_columns(self, panel: torch.Tensor, first: int, column: int, end: int) -> None:
        """Columns column..end-1 of the panel whose first row is ``first``."""
        top = max(column, first) - first
        target, above = panel[top:, column:end], self._rows(column, end)
        if column:
            target.addmm_(panel[top:, :column], above[:, :column].mT, alpha=-1)
        if column >= first:
            corner = target[: end - column]
            # What was updated above the diagonal is not read.
            factor, info = torch.linalg.cholesky_ex(corner)
            if int(info) or not bool(factor.diagonal().isfinite().all()):
                raise NotPositiveDefinite(column + max(0, int(info) - 1), self.size, self.precision)
            corner.copy_(factor)
            panel[:top, column:end] = 0
            target = target[end - column :]
        if len(target):
            _divide(target, above[:, column:])

    def smallest_pivot(self) -> tuple[float, int]:
        """The smallest squared diagonal entry of the factor, and its index.

        It bounds no eigenvalue from below. Close to rounding (epsilon times the largest diagonal
        entry) it shows that the matrix is singular.
        """
        pivots = torch.cat([square.diagonal() for _, square, _ in self._parts()]).square()
        at = int(pivots.argmin())
        return float(pivots[at]), at

    def solve(self, right: torch.Tensor) -> torch.Tensor:
        """``(L L^T)^-1 right`` for right-hand sides (n, m), in the factor's precision."""
        x = right.to(self.device, self.dtype, copy=True)
        for left, square, rows in self._parts():
            x[rows].addmm_(left, x[: rows.start], alpha=-1)
            x[rows] = torch.linalg.solve_triangular(square, x[rows], upper=False)
        for left, square, rows in reversed(list(self._parts())):
            x[rows] = torch.linalg.solve_triangular(square.mT, x[rows], upper=True)
            x[: rows.start].addmm_(left.mT, x[rows], alpha=-1)
        return x

    def product(self, right: torch.Tensor) -> torch.Tensor:
        """``L L^T right`` for vectors (n, m), in the factor's precision."""
        right = right.to(self.device, self.dtype)
        image = torch.zeros_like(right)
        for left, square, rows in self._parts():
            image[: rows.start].addmm_(left.mT, right[rows])
            image[rows] += square.mT @ right[rows]
        result = torch.empty_like(right)
        for left, square, rows in self._parts():
            result[rows] = square @ image[rows]
            result[rows].addmm_(left, image[: rows.start])
        return result

    def _rows(self, first: int, last: int) -> torch.Tensor:
        """Rows first..last-1, columns 0..last-1, all within one panel: a view."""
        start = first % self.height
        return self.panels[first // self.height][start : start + last - first, :last]

    def _parts(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, slice]]:
        """Each panel's columns left of its square on the diagonal, that square, and its rows."""
        for panel, (first, last) in zip(self.panels, _spans(self.size, self.height), strict=True):
            yield panel[:, :first], panel[:, first:], slice(first, last)

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


def _spans(size: int, height: int) -> list[tuple[int, int]]:
    """First row, and row after the last, of each panel."""
    return [(first, min(first + height, size)) for first in range(0, size, height)]


def _divide(target: torch.Tensor, corner: torch.Tensor) -> None:
    """``target`` (r, w) becomes ``target corner^-T`` for a lower triangle (w, w)."""
    for start in range(0, len(corner), BLOCK):
        rows = corner[start : start + BLOCK]
        part, square = target[:, start : start + BLOCK], rows[:, start : start + BLOCK]
        if start:
            part.addmm_(target[:, :start], rows[:, :start].mT, alpha=-1)
        unit = torch.eye(len(square), dtype=square.dtype, device=square.device)
        part.copy_(part @ torch.linalg.solve_triangular(square, unit, upper=False).mT)


def triangle_bytes(size: int, dtype: torch.dtype = torch.float32) -> int:
    """What a `Triangle` of that size takes."""
    return sum((last - first) * last for first, last in _spans(size, HEIGHT)) * dtype.itemsize


def kept_bytes(size: int, height: int) -> int:
    """Factor a matrix in panels of that height, and count the bytes that the factor keeps."""
    factor = Triangle(size, height=height)
    factor.add_products(torch.rand(size, 4, generator=torch.Generator().manual_seed(0)))
    factor.add_to_diagonal(1.0)
    factor.factor()
    return sum(panel.untyped_storage().nbytes() for panel in factor.panels)
