"""Theorem 1 beside its peers: sorting alone, and the dense solve of Lemma 1's system."""

import tracemalloc
from collections.abc import Iterator

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
    few, targets = points[:DENSE], labels[:DENSE]
    large, on_line, small = (
        fit_theorem1(*sample) for sample in ((points, labels), (line, labels), (few, targets))
    )
    projected = points @ large.direction
    matrix = interleaving_matrix(small.projection.places, small.breakpoints)
    table = plain_table(
        *("construct", ">s", "peer", ">peer s", ">times", ">largest error"),
        caption=f"memory beside the points, n = {LARGE:,}: {peak_memory(points, labels):.2f} GB",
    )
    for work, call, peer, peer_call, largest in (
        (
            f"Theorem 1, n = {LARGE:,}, d = {DIMENSIONS}",
            lambda: fit_theorem1(points, labels),
            "numpy.argsort",
            lambda: np.argsort(projected),
            None,
        ),
        ("  its values there", lambda: large.evaluate(points), "", None, error(large, points)),
        (
            f"  n = {LARGE:,} evenly spread",
            lambda: fit_theorem1(line, labels),
            "numpy.argsort",
            lambda: np.argsort(projected),
            error(on_line, line),
        ),
        (
            f"Theorem 1, n = {DENSE:,}, d = {DIMENSIONS}",
            lambda: fit_theorem1(few, targets),
            "numpy.linalg.solve",
            lambda: np.linalg.solve(matrix, small.targets),
            None,
        ),
        ("  its values there", lambda: small.evaluate(few), "", None, error(small, few)),
    ):
        ours = fastest(call, setup.seconds, TRIES)
        theirs = fastest(peer_call, setup.seconds, TRIES) if peer_call else None
        table.add_row(
            work,
            f"{ours:.4f}",
            peer,
            f"{theirs:.4f}" if theirs else "",
            f"{ours / theirs:.3g}" if theirs else "",
            "" if largest is None else f"{largest:.1e}",
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
