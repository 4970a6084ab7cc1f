"""Theorem 1 beside its peers: sorting alone, and the dense solve of Lemma 1's system."""

import tracemalloc
from collections.abc import Iterator
from functools import partial

import numpy as np
from rich.console import RenderableType

from harness.bench.measure import Setup, fastest
from harness.expressivity.lemma1 import interleaving_matrix
from harness.expressivity.theorem1 import Fit, fit_theorem1
from harness.report.terminal import plain_table

LARGE, DIMENSIONS = 1_000_000, 32
DENSE = 8_000
"""Points for which numpy.linalg.solve takes half a gigabyte, and seconds."""
TRIES = 3


def constructions(setup: Setup) -> Iterator[RenderableType]:
    """Random normal points, random labels; the best of as many tries as fit."""
    generator = np.random.default_rng(0)
    points = generator.normal(size=(LARGE, DIMENSIONS))
    labels = generator.integers(0, 10, LARGE).astype(float)
    line = generator.permutation(LARGE)[:, None] / LARGE
    small = fit_theorem1(points[:DENSE], labels[:DENSE])
    matrix = interleaving_matrix(small.projection.places, small.breakpoints)
    sort = partial(np.argsort, line[:, 0])
    solve = partial(np.linalg.solve, matrix, small.targets)
    table = plain_table(
        *("Theorem 1", ">s", "peer", ">peer s", ">times", ">values s", ">largest error"),
        caption=f"memory beside the points, n = {LARGE:,}: {peak_memory(points, labels):.2f} GB",
    )
    for name, sample, targets, peer, peers_work in (
        (f"n = {LARGE:,}, d = {DIMENSIONS}", points, labels, "numpy.argsort", sort),
        (f"n = {LARGE:,}, evenly spread", line, labels, "numpy.argsort", sort),
        (f"n = {DENSE:,}", points[:DENSE], labels[:DENSE], "numpy.linalg.solve", solve),
    ):
        fit = fit_theorem1(sample, targets)
        work = partial(fit_theorem1, sample, targets), peers_work, partial(fit.evaluate, sample)
        ours, theirs, values = (fastest(it, setup.seconds, TRIES) for it in work)
        table.add_row(
            *(name, f"{ours:.4f}", peer, f"{theirs:.4f}", f"{ours / theirs:.3g}"),
            *(f"{values:.4f}", f"{error(fit, sample):.1e}"),
        )
    yield table


def error(fit: Fit, points: np.ndarray) -> float:
    """The largest error at the sample's points, where labels are 0 to 9."""
    values = fit.evaluate(points)
    return float(np.abs(values[fit.projection.order] - fit.targets[:, 0]).max())


def peak_memory(points: np.ndarray, labels: np.ndarray) -> float:
    """The most gigabytes that the construction allocates, with its result."""
    tracemalloc.start()
    try:
        fit_theorem1(points, labels)
        return tracemalloc.get_traced_memory()[1] / 1e9
    finally:
        tracemalloc.stop()
