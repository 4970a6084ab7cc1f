"""The exact kernel solver against matrix products."""

import time
from collections.abc import Iterator

import torch
from rich.console import RenderableType

from harness.bench.measure import Setup, matrix_product_rate
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import fit
from harness.report.terminal import plain_table

PRODUCT_SECONDS = 2.0
FEATURES, TARGETS = 784, 10
QUERIES = 6
"""Points for one query: MNIST's 60,000 for 10,000."""


def kernel(setup: Setup) -> Iterator[RenderableType]:
    """Each phase of a fit of random points of MNIST's dimensions, beside the machine.

    The rate of a large matrix product is taken before and after; the better of the two counts,
    because other processes may take the cores at any time.
    """
    size, device = setup.points, setup.backend.device
    draw = torch.Generator().manual_seed(0)
    points = torch.rand(size, FEATURES, generator=draw)
    targets = torch.randn(size, TARGETS, generator=draw)
    before = matrix_product_rate("fp32", device, PRODUCT_SECONDS)
    started = time.perf_counter()
    machine = fit(points, targets, GaussianKernel(0.1), device=device)
    machine.predict(points[: size // QUERIES])
    whole = time.perf_counter() - started
    machine_rate = max(before, matrix_product_rate("fp32", device, PRODUCT_SECONDS))
    cost = machine.cost
    rate = size**3 / 3 / cost["factor_seconds"]
    table = plain_table("phase", ">seconds", ">GFLOP/s", ">machine", ">share")
    table.add_row(f"kernel matrix, {size:,} points, fp32", f"{cost['fill_seconds']:.1f}")
    table.add_row(
        "factorisation",
        f"{cost['factor_seconds']:.1f}",
        f"{rate / 1e9:.0f}",
        f"{machine_rate / 1e9:.0f}",
        f"{100 * rate / machine_rate:.0f} %",
    )
    sweeps = len(machine.refined.history) - 1
    table.add_row(f"refinement, {sweeps} sweeps", f"{cost['refine_seconds']:.1f}")
    yield table
    triangle = size**2 / 2 * 4
    yield (
        f"all, with predictions at {size // QUERIES:,} points: {whole:.1f} s,"
        f" {whole / cost['factor_seconds']:.2f} times the factorisation\n"
        f"residual {machine.refined.history[-1]:.1e};"
        f" peak memory {cost['peak_bytes'] / 1e9:.2f} GB,"
        f" {cost['peak_bytes'] / triangle:.2f} times n^2 / 2 words"
    )
