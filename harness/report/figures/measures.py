"""Complexity measures on true and on random labels, beside the gap that they should explain."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from harness.report.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    PINK,
    FigureEntries,
    legend_below,
    plain_frame,
    shortened,
)

LABELS = {0.0: ("true labels", BLUE, "s"), 0.5: ("half random", PINK, "D")} | {
    1.0: ("random labels", ORANGE, "o")
}
"""By the share of random labels: name, colour and marker."""
COLUMNS = 3


def complexity(entries: FigureEntries) -> Figure:
    """A panel for the generalisation gap and one for each measure, against the sample size.

    An entry is ``{"measure": ..., "n": [...], "corrupted": [...], "gap": [...], "value": [...]}``,
    a number a network. Dots are networks, lines their means.
    """
    by_measure = {it["measure"]: it for it in entries}
    panels = [("generalisation gap", "gap", entries[-1])]
    panels += [(name, "value", it) for name, it in by_measure.items()]
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(2.6 * columns, 2.4 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, column, entry) in zip(grid, panels, strict=False):
        _panel(axes, entry, column)
        axes.set_title(shortened(title), fontsize=9, color=GREY)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[max(0, len(panels) - columns) : len(panels)]:
        axes.set_xlabel("training images", fontsize=8, color=GREY)
    handles, names = grid[0].get_legend_handles_labels()
    legend_below(figure, len(names), handles=handles, labels=names)
    return figure


def _panel(axes: Axes, entry: dict[str, Any], column: str) -> None:
    points = list(zip(entry["n"], entry["corrupted"], entry[column], strict=True))
    for corrupted, (name, colour, marker) in LABELS.items():
        own = [(n, value) for n, share, value in points if share == corrupted]
        if not own:
            continue
        axes.plot(*zip(*own, strict=True), marker, color=colour, markersize=3, alpha=0.45)
        sizes = sorted({n for n, _ in own})
        axes.plot(sizes, [_mean(own, n) for n in sizes], color=colour, lw=1.6, label=name)
    values = [value for *_, value in points]
    if min(values) > 0 and column == "value" and max(values) > 20 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(set(entry["n"])))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(labelsize=7)
    plain_frame(axes)


def _mean(points: Sequence[tuple[int, float]], n: int) -> float:
    values = [value for size, value in points if size == n]
    return sum(values) / len(values)
