"""Cholesky factorisation of a large symmetric matrix of which only the lower triangle is kept.

The triangle lies in row panels, panel p as a dense ``(rows, last row + 1)`` matrix, so that the
rows above the diagonal within one panel are all that is wasted. A panel is filled, updated by the
panels above it and factored in place (a row-oriented, left-looking blocked algorithm: Golub & Van
Loan, Matrix Computations, section 4.2.9): nearly all work is products of a panel with a long,
narrow strip of an earlier one, and no second copy of anything is made.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from harness.errors import HarnessError

HEIGHT = 2_048
"""Rows of a panel. More waste more memory above the diagonal (HEIGHT / n of it)."""
WIDTH = 512
"""Columns of a step, a divisor of HEIGHT. Wider ones spend more time in triangular solves."""
SMALL = 1_000
"""Rows below which all eigenvalues are as quickly had as two."""
BLOCK = 128
"""Columns solved for at once, by a product with the inverse of their triangle: BLAS's own solves
run at a third of a product's rate. Residuals are as after BLAS's solves up to 128; at 512 kernels
of 1,797 digits that BLAS factors in fp32 (smallest pivot 6e-5) end in a negative pivot.
"""

Fill = Callable[[int, int, torch.Tensor], None]
"""``fill(first, last, out)`` writes rows first..last-1, columns 0..last-1 into ``out``."""


class NotPositiveDefinite(HarnessError):
    """A pivot that is not positive: the matrix is singular, or too near to it for its precision."""

    def __init__(self, pivot: int, value: float, eigenvalue: float, size: int, dtype: str) -> None:
        super().__init__(
            f"the kernel matrix of {size:,} points is not positive definite in {dtype}: it breaks"
            f" down at pivot {pivot} (of 0 to {size - 1}), which is {value:.3g} where its block is"
            f" factored in double precision; the block has an eigenvalue of {eigenvalue:.3g}; give"
            " a ridge, a narrower kernel, or double precision"
        )
        self.pivot, self.value, self.eigenvalue = pivot, value, eigenvalue


@dataclass
class Timing:
    """What a factorisation took, and its smallest pivot."""

    fill_seconds: float = 0.0
    factor_seconds: float = 0.0
    smallest_pivot: float = math.inf
    """The smallest diagonal entry of the factor, squared: an upper bound of no eigenvalue, but near
    rounding (epsilon times the largest diagonal entry) it says that the matrix is singular."""
    smallest_pivot_at: int = -1


@dataclass
class Triangle:
    """The lower triangle of an (n, n) matrix, then of its factor."""

    size: int
    dtype: torch.dtype = torch.float32
    device: str = "cpu"
    height: int = HEIGHT
    width: int = WIDTH
    panels: list[torch.Tensor] = field(default_factory=list, repr=False)
    timing: Timing = field(default_factory=Timing)

    def __post_init__(self) -> None:
        """Refuse sizes that do not tile."""
        if self.size < 1:
            raise HarnessError(f"a matrix of size {self.size}, but it should be at least 1")
        if self.height % self.width:
            raise HarnessError(f"width {self.width} does not divide height {self.height}")

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First row, and row after the last, of each panel."""
        starts = range(0, self.size, self.height)
        return [(start, min(start + self.height, self.size)) for start in starts]

    @property
    def bytes(self) -> int:
        """Memory of all panels: n^2 / 2 words, and HEIGHT / n more."""
        return triangle_bytes(self.size, self.dtype, self.height)

    @property
    def precision(self) -> str:
        """In words: float32."""
        return str(self.dtype).removeprefix("torch.")

    def strip(self, first: int, last: int) -> torch.Tensor:
        """Rows first..last-1, columns 0..last-1, all within one panel: a view."""
        panel = self.panels[first // self.height]
        start = first - first % self.height
        return panel[first - start : last - start, :last]

    def add_products(self, columns: torch.Tensor) -> None:
        """Add ``C C^T`` for columns C (n, c): a Gram matrix whose features come chunk by chunk."""
        started = time.perf_counter()
        if not self.panels:
            kind = {"dtype": self.dtype, "device": self.device}
            self.panels = [torch.zeros((last - first, last), **kind) for first, last in self.spans]
        for panel, (first, last) in zip(self.panels, self.spans, strict=True):
            panel.addmm_(columns[first:last], columns[:last].mT)
        self._wait()
        self.timing.fill_seconds += time.perf_counter() - started

    def factor(
        self, fill: Fill | None = None, progress: Callable[[float], None] = lambda share: None
    ) -> None:
        """Factor in place, panel by panel, each filled before; without ``fill``, what is there.

        ``progress`` is told the share of the work done. Raises NotPositiveDefinite at the first
        pivot that is not positive.
        """
        panels = [] if fill is not None else self.panels
        for number, (first, last) in enumerate(self.spans):
            started = time.perf_counter()
            if fill is not None:
                panel = torch.empty((last - first, last), dtype=self.dtype, device=self.device)
                fill(first, last, panel)
                self._wait()
                panels.append(panel)
                self.panels = panels
            panel = panels[number]
            filled = time.perf_counter()
            for column in range(0, last, self.width):
                self._factor_columns(panel, first, column, min(column + self.width, last))
                done = min(column + self.width, last)
                # Rows above cost their cube; a panel's columns the square of how far they are.
                above = first**3 + (last**3 - first**3) * (done / last) ** 2
                progress(above / self.size**3)
            self._wait()
            self.timing.fill_seconds += filled - started
            self.timing.factor_seconds += time.perf_counter() - filled

    def _factor_columns(self, panel: torch.Tensor, first: int, column: int, end: int) -> None:
        """Columns column..end-1 of the panel whose first row is ``first``."""
        top = max(column, first) - first
        target = panel[top:, column:end]
        above = self.strip(column, end)
        if column:
            target.addmm_(panel[top:, :column], above[:, :column].mT, alpha=-1)
        if column >= first:
            target = self._factor_diagonal(target, column)
        if len(target):
            _divide(target, above[:, column:])

    def _factor_diagonal(self, target: torch.Tensor, column: int) -> torch.Tensor:
        """Factor the square at the top of ``target``; return what is below it."""
        size = target.shape[1]
        corner = target[:size]
        # The part above the diagonal was updated along with the rest, and is not read.
        factor, info = torch.linalg.cholesky_ex(corner)
        if int(info) or not bool(torch.isfinite(factor.diagonal()).all()):
            raise self._failure(corner, column, int(info))
        corner.copy_(factor)
        pivots = factor.diagonal().square()
        at = int(pivots.argmin())
        if float(pivots[at]) < self.timing.smallest_pivot:
            self.timing.smallest_pivot = float(pivots[at])
            self.timing.smallest_pivot_at = column + at
        return target[size:]

    def _failure(self, corner: torch.Tensor, column: int, info: int) -> HarnessError:
        block = corner.double().cpu()
        if not bool(torch.isfinite(block.tril()).all()):
            return HarnessError(
                f"rows {column} to {column + len(block) - 1} of the kernel matrix are not finite:"
                " look for NaN or infinite features"
            )
        at = max(info - 1, 0)
        head, broken = torch.linalg.cholesky_ex(block[:at, :at])
        while int(broken):  # In double precision it breaks down before.
            at = int(broken) - 1
            head, broken = torch.linalg.cholesky_ex(block[:at, :at])
        row = torch.linalg.solve_triangular(head, block[at, :at, None], upper=False)
        value = float(block[at, at] - row.square().sum())
        eigenvalue = float(torch.linalg.eigvalsh(block, UPLO="L")[0])
        return NotPositiveDefinite(column + at, value, eigenvalue, self.size, self.precision)

    def solve(self, right: torch.Tensor) -> torch.Tensor:
        """``(L L^T)^-1 right`` for right-hand sides (n, m), in the factor's precision."""
        if len(right) != self.size:
            raise HarnessError(
                f"right-hand sides of {len(right)} rows for a matrix of {self.size}; give as many"
            )
        x = right.to(self.device, self.dtype).clone()
        for panel, corner, (first, last) in self._parts():
            x[first:last].addmm_(panel[:, :first], x[:first], alpha=-1)
            x[first:last] = torch.linalg.solve_triangular(corner, x[first:last], upper=False)
        for panel, corner, (first, last) in reversed(list(self._parts())):
            x[first:last] = torch.linalg.solve_triangular(corner.mT, x[first:last], upper=True)
            x[:first].addmm_(panel[:, :first].mT, x[first:last], alpha=-1)
        return x

    def product(self, right: torch.Tensor) -> torch.Tensor:
        """``L L^T right`` for vectors (n, m), in the factor's precision."""
        right = right.to(self.device, self.dtype)
        image = torch.zeros_like(right)
        for panel, corner, (first, last) in self._parts():
            image[:first].addmm_(panel[:, :first].mT, right[first:last])
            image[first:last] += corner.tril().mT @ right[first:last]
        result = torch.empty_like(right)
        for panel, corner, (first, last) in self._parts():
            result[first:last] = corner.tril() @ image[first:last]
            result[first:last].addmm_(panel[:, :first], image[:first])
        return result

    def spectrum_ends(self) -> tuple[float, float]:
        """Smallest and largest eigenvalue of ``L L^T``, by Lanczos iteration (ARPACK).

        To 0.1 %; the smallest is no nearer to the matrix's own than the factor's rounding.
        """

        def end(apply: Callable[[torch.Tensor], torch.Tensor]) -> float:
            def image(vector: np.ndarray) -> np.ndarray:
                column = torch.from_numpy(vector.reshape(-1, 1))
                return apply(column)[:, 0].double().cpu().numpy()

            operator = LinearOperator((self.size, self.size), matvec=image, dtype=np.float64)
            start = np.random.default_rng(0).standard_normal(self.size)
            found = eigsh(
                operator, k=1, v0=start, ncv=min(12, self.size), tol=1e-3, return_eigenvectors=False
            )
            return float(found[0])

        if self.size < SMALL:
            whole = self.product(torch.eye(self.size, dtype=torch.float64)).double()
            values = torch.linalg.eigvalsh(whole)
            return float(values[0]), float(values[-1])
        return 1 / end(self.solve), end(self.product)

    def _parts(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, tuple[int, int]]]:
        for panel, (first, last) in zip(self.panels, self.spans, strict=True):
            yield panel, panel[:, first:last], (first, last)

    def _wait(self) -> None:
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()


def _divide(target: torch.Tensor, corner: torch.Tensor, block: int = BLOCK) -> None:
    """``target`` (r, w) becomes ``target corner^-T`` for a lower triangle (w, w)."""
    for start in range(0, len(corner), block):
        rows = corner[start : start + block]
        part, own = target[:, start : start + block], rows[:, start : start + block]
        if start:
            part.addmm_(target[:, :start], rows[:, :start].mT, alpha=-1)
        unit = torch.eye(len(own), dtype=own.dtype, device=own.device)
        part.copy_(part @ torch.linalg.solve_triangular(own, unit, upper=False).mT)


def triangle_bytes(size: int, dtype: torch.dtype = torch.float32, height: int = HEIGHT) -> int:
    """What a `Triangle` of that size takes."""
    ends = [min(start + height, size) for start in range(0, size, height)]
    rows = [min(height, size - start) for start in range(0, size, height)]
    words = sum(count * end for count, end in zip(rows, ends, strict=True))
    return words * torch.empty((), dtype=dtype).element_size()
