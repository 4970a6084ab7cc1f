"""Figures of Section 2.2 and of claims/measures: complexity measures against the sample size."""

import math
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from harness.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    WITH_COMMAS,
    YELLOW,
    FigureEntries,
    legend_below,
    plain_frame,
    shortened,
)

STYLES = {
    "network of Theorem 1": (GREEN, "s", "-", 4),
    "trained network": (BLUE, "o", "-", 10),
    "halfspaces, at random": (YELLOW, "^", "--", 6),
    "linear, bounded norm": (ORANGE, "v", "--", 6),
    "random labels": (ORANGE, "o", "-", 6),
    "true labels": (BLUE, "s", "-", 6),
    "ridge, random labels": (GREEN, "v", "--", 6),
}
"""Colour, marker, dashes and marker size; large markers are hollow, so that others show."""

LEAST = 1e-9
"""Smaller values are left out of logarithmic axes."""


def rademacher(entries: FigureEntries) -> Figure:
    """Empirical Rademacher complexity against the sample's size, both on logarithmic axes.

    An entry is ``{"class": ..., "of": dataset, "n": [...], "mean": [...], "low": [...],
    "high": [...]}``; points of one class and dataset are joined.
    """
    figure = Figure(figsize=(5.6, 4.0), layout="constrained")
    axes = figure.subplots()
    lowest = _lines(axes, entries, "n")
    sizes = [n for it in entries for n in it["n"]]
    ends = [min(sizes), max(sizes)]
    axes.plot(ends, [n**-0.5 for n in ends], ":", color=GREY, linewidth=1, label="1 / √n")
    axes.set(xlabel="points in the sample, n", ylabel="empirical Rademacher complexity")
    _finish(axes, sizes, bottom=lowest / 2, top=2)
    _legend(figure)
    return figure


def stability(entries: FigureEntries) -> Figure:
    """Change of the loss at a replaced example, against sample size (left) and passes (right).

    An entry is ``{"class": ..., "of": dataset, "over": "n" | "passes", "x": [...], "mean":
    [...], "low": [...], "high": [...], "largest": [...]}``; the largest change at any point is
    dotted.
    """
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    lowest = 1.0
    for axes, over, name in (
        (left, "n", "points in the sample, n"),
        (right, "passes", "passes over the sample"),
    ):
        drawn = [it for it in entries if it["over"] == over]
        lowest = min(lowest, _lines(axes, drawn, "x"))
        for label, points in _joined(drawn, "x", "largest"):
            axes.plot(*zip(*points, strict=True), ":", color=STYLES[label][0], linewidth=1.5)
        if drawn:
            axes.plot([], [], ":", color=GREY, linewidth=1.5, label="largest at any point")
        axes.set_xlabel(name)
        _finish(axes, [x for it in drawn for x in it["x"]], top=2)
    left.set_ylim(bottom=lowest / 2)
    _legend(figure)
    left.set_ylabel("change of the loss (0 to 1)\nwhere one example is replaced")
    return figure


Points = list[tuple[float, ...]]


def _joined(entries: FigureEntries, x: str, *columns: str) -> list[tuple[str, Points]]:
    """The name and the sorted points of each class and dataset."""
    lines: dict[tuple[str, str], set[tuple[float, ...]]] = {}
    for it in entries:
        points = zip(it[x], *(it[column] for column in columns), strict=True)
        lines.setdefault((it["class"], it["of"]), set()).update(points)
    order = list(STYLES)
    named = sorted(lines.items(), key=lambda it: (order.index(it[0][0]), it[0][1]))
    return [(name, sorted(points)) for (name, _), points in named]


def _lines(axes: Axes, entries: FigureEntries, x: str) -> float:
    """Draw mean and band of each line; returns the lowest mean that is drawn."""
    lowest = 1.0
    for label, points in _joined(entries, x, "mean", "low", "high"):
        colour, marker, dashes, size = STYLES[label]
        values, mean, low, high = zip(*points, strict=True)
        named = label in axes.get_legend_handles_labels()[1]
        axes.fill_between(
            values, [max(y, LEAST) for y in low], high, color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(
            values,
            mean,
            dashes,
            color=colour,
            marker=marker,
            markersize=size,
            fillstyle="none" if size > 6 else "full",
            label=None if named else label,
        )
        lowest = min([lowest, *(y for y in mean if y >= LEAST)])
    return lowest


def _finish(axes: Axes, sizes: Sequence[float], **limits: Any) -> None:
    """Logarithmic axes with ticks at the measured sizes."""
    axes.set(xscale="log", yscale="log")
    ticks: list[float] = []
    for size in sorted(set(sizes)):
        if not ticks or size >= 1.6 * ticks[-1]:  # Closer labels would overlap.
            ticks.append(size)
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(WITH_COMMAS)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylim(**limits)
    plain_frame(axes)
    axes.tick_params(axis="x", which="minor", length=0)


def _legend(figure: Figure) -> None:
    """One for all panels, above them."""
    named: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    if named:
        style = {"ncols": 3, "frameon": False, "fontsize": 8.5}
        figure.legend(named.values(), named.keys(), loc="outside upper center", **style)


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
        sizes = groupby(sorted(own), key=itemgetter(0))
        means = {n: fmean(value for _, value in its) for n, its in sizes}
        axes.plot([*means], [*means.values()], color=colour, lw=1.6, label=name)
    values = [value for *_, value in points]
    if min(values) > 0 and column == "value" and max(values) > 20 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(set(entry["n"])))
    axes.xaxis.set_major_formatter(WITH_COMMAS)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(labelsize=7)
    plain_frame(axes)
