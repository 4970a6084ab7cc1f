"""The exact kernel solver against matrix products."""

import time

from rich.console import Console
from rich.table import Table

from harness.environment import describe
from harness.errors import HarnessError

PRODUCT = 4_096
FEATURES, TARGETS = 784, 10
QUERIES = 6
"""Points for one query: MNIST's 60,000 for 10,000."""


def bench_kernel(console: Console, size: int, device: str) -> None:
    """Fit ``size`` random points of MNIST's dimensions, and print each phase beside the machine.

    The rate of a large matrix product in the same precision is taken before and after, the better
    of the two: neighbours may take the machine's cores at any time.
    """
    import torch

    from harness.linear.kernels import GaussianKernel
    from harness.linear.machine import fit
    from harness.training.backend import resolve_backend

    if size < 1:
        raise HarnessError(f"--points {size}, but it should be at least 1")
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    draw = torch.Generator().manual_seed(0)
    points = torch.rand(size, FEATURES, generator=draw)
    targets = torch.randn(size, TARGETS, generator=draw)
    before = product_rate(backend.device)
    started = time.perf_counter()
    machine = fit(points, targets, GaussianKernel(0.1), device=backend.device)
    machine.predict(points[: size // QUERIES])
    whole = time.perf_counter() - started
    machine_rate = max(before, product_rate(backend.device))
    cost = machine.cost
    rate = size**3 / 3 / cost.factor_seconds
    facts = describe()
    where = facts.get("gpu") or f"{facts['processor']}, {backend.threads} threads"
    console.print(f"{where}, torch {facts['torch']}, fp32, {size:,} points", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("phase", "seconds", "GFLOP/s", "machine", "share"):
        table.add_column(column, justify="left" if column == "phase" else "right")
    table.add_row("kernel matrix", f"{cost.fill_seconds:.1f}")
    table.add_row(
        "factorisation",
        f"{cost.factor_seconds:.1f}",
        f"{rate / 1e9:.0f}",
        f"{machine_rate / 1e9:.0f}",
        f"{100 * rate / machine_rate:.0f} %",
    )
    sweeps = len(machine.refined.history) - 1
    table.add_row(f"refinement, {sweeps} sweeps", f"{cost.refine_seconds:.1f}")
    console.print(table)
    console.print(
        f"all, with predictions at {size // QUERIES:,} points: {whole:.1f} s,"
        f" {whole / cost.factor_seconds:.2f} times the factorisation"
    )
    triangle = size**2 / 2 * 4
    console.print(
        f"residual {machine.refined.history[-1]:.1e}; peak memory {cost.peak_bytes / 1e9:.2f} GB,"
        f" {cost.peak_bytes / triangle:.2f} times n^2 / 2 words"
    )


def product_rate(device: str, repeats: int = 5) -> float:
    """Floating-point operations a second of the best of some products of 4,096."""
    import torch

    a = torch.randn(PRODUCT, PRODUCT, device=device)
    out = torch.empty_like(a)
    best = float("inf")
    for _ in range(repeats):
        _wait(device)
        started = time.perf_counter()
        torch.mm(a, a, out=out)
        _wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * PRODUCT**3 / best


def _wait(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()
