"""Theorem 1 beside its peers: sorting alone, and the dense solve of Lemma 1's system."""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from rich.table import Table

from harness.expressivity.lemma1 import interleaving_matrix
from harness.expressivity.theorem1 import Fit, fit_theorem1

LARGE, DIMENSIONS = 1_000_000, 32
DENSE = 8_000
"""Points for which numpy.linalg.solve takes half a gigabyte, and seconds."""


def constructions_table(seconds: float) -> Table:
    """Measure: random normal points, random labels; the best of as many tries as fit."""
    generator = np.random.default_rng(0)
    points = generator.normal(size=(LARGE, DIMENSIONS))
    labels = generator.integers(0, 10, LARGE).astype(float)
    line = generator.permutation(LARGE)[:, None] / LARGE
    fit = fit_theorem1(points, labels)
    places = points @ fit.direction

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("construct")
    for column in ("s", "peer", "peer s", "times", "largest error"):
        table.add_column(column, justify="left" if column == "peer" else "right", no_wrap=True)

    argsort = best(lambda: np.argsort(places), seconds)
    building = best(lambda: fit_theorem1(points, labels), seconds)
    row(table, f"Theorem 1, n = {LARGE:,}, d = {DIMENSIONS}", building, "numpy.argsort", argsort)
    evaluating = best(lambda: fit.evaluate(points), seconds)
    row(table, "  its values there", evaluating, "", None, error(fit, fit.evaluate(points)))
    on_line = fit_theorem1(line, labels)
    building = best(lambda: fit_theorem1(line, labels), seconds)
    found = error(on_line, on_line.evaluate(line))
    row(table, f"  n = {LARGE:,} evenly spread", building, "numpy.argsort", argsort, found)

    few, targets = points[:DENSE], labels[:DENSE]
    small = fit_theorem1(few, targets)
    matrix = interleaving_matrix(small.projection.places, small.breakpoints)
    dense = best(lambda: np.linalg.solve(matrix, small.targets), seconds)
    building = best(lambda: fit_theorem1(few, targets), seconds)
    found = error(small, small.evaluate(few))
    row(table, f"Theorem 1, n = {DENSE:,}, d = {DIMENSIONS}", building, "numpy.linalg.solve", dense)
    row(table, "  its values there", best(lambda: small.evaluate(few), seconds), "", None, found)
    table.caption = f"memory beside the points, n = {LARGE:,}: {peak_memory(points, labels):.2f} GB"
    table.caption_justify = "left"
    return table


def row(
    table: Table,
    work: str,
    seconds: float,
    peer: str,
    peer_seconds: float | None,
    largest_error: float | None = None,
) -> None:
    """Add a row; ``times`` is our time in units of the peer's."""
    table.add_row(
        work,
        f"{seconds:.4f}",
        peer,
        "" if peer_seconds is None else f"{peer_seconds:.4f}",
        "" if peer_seconds is None else f"{seconds / peer_seconds:.3g}",
        "" if largest_error is None else f"{largest_error:.1e}",
    )


def best(work: Callable[[], object], seconds: float) -> float:
    """Seconds of the fastest of at least three tries, as many as fit."""
    fastest, started, tries = float("inf"), time.perf_counter(), 0
    while tries < 3 or time.perf_counter() - started < seconds:
        before = time.perf_counter()
        work()
        fastest, tries = min(fastest, time.perf_counter() - before), tries + 1
    return fastest


def error(fit: Fit, values: np.ndarray) -> float:
    """The largest error at the sample, labels being 0 to 9."""
    return float(np.abs(values[fit.projection.order] - fit.targets[:, 0]).max())


def peak_memory(points: np.ndarray, labels: np.ndarray) -> float:
    """Gigabytes that the construction allocates at most, its result included."""
    tracemalloc.start()
    try:
        fit_theorem1(points, labels)
        return tracemalloc.get_traced_memory()[1] / 1e9
    finally:
        tracemalloc.stop()
