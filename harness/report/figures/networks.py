"""Custom networks: learning curves on true and on random labels, and capacity profiles."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from harness.capacity.profile import Profile, Time, in_logs
from harness.report.figures.style import (
    GREY,
    PALETTE,
    WITH_COMMAS,
    FigureEntries,
    in_percent,
    legend_below,
    plain_frame,
    shortened,
)

DASHES = ("-", "--", ":", "-.")


def learning_curves(entries: FigureEntries) -> Figure:
    """Training accuracy against steps: true labels on the left, random ones on the right.

    An entry is a run: ``{"network": ..., "labels": "true labels" | "random labels", "x": steps,
    "y": shares}``.
    """
    names = list(dict.fromkeys(it["network"] for it in entries))
    styles = {
        name: {
            "color": PALETTE[i % len(PALETTE)],
            "linestyle": DASHES[i // len(PALETTE) % len(DASHES)],
        }
        for i, name in enumerate(names)
    }
    figure = Figure(figsize=(6.4, 3.0 + 0.2 * -(-len(names) // 2)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for labels, axes in zip(("true labels", "random labels"), panels, strict=True):
        drawn = [it for it in entries if it["labels"] == labels]
        for it in drawn:
            marker = "o" if len(it["x"]) < 3 else None
            axes.plot(it["x"], it["y"], marker=marker, linewidth=1.6, **styles[it["network"]])
        _finish(axes, labels, nothing=not drawn)
    panels[0].set_ylabel("training accuracy", color=GREY)
    for name, style in styles.items():
        panels[0].plot([], [], label=shortened(name), **style)
    legend_below(figure, len(names))
    return figure


def _finish(axes: Axes, title: str, nothing: bool) -> None:
    axes.set_title(title, fontsize=10, color=GREY)
    axes.set_xlabel("steps of SGD", color=GREY)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(in_percent)
    if nothing:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", color=GREY)
    else:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(WITH_COMMAS)
    plain_frame(axes)


MARKERS = ("o", "s", "^", "v", "D", "P")


def profiles(found: Sequence[Profile]) -> Figure:
    """Means over seeds with intervals; shaded: the largest sample memorised within the budget."""
    figure = Figure(figsize=(6.8, 3.2 + 0.1 * len(found)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for i, it in enumerate(found):
        style: dict[str, Any] = {"color": PALETTE[i % 6], "marker": MARKERS[i % 6], "markersize": 5}
        sizes = [time.n for time in it.over_n]
        _means(left, sizes, it.over_n, label=shortened(it.network), **style)
        _means(right, [time.corruption for time in it.over_corruption], it.over_corruption, **style)
        _, low, high = it.capacity
        if high < math.inf:
            left.axvspan(max(low, 1), high, color=style["color"], alpha=0.15, linewidth=0)
        for axes in (left, right):
            axes.axhline(it.budget, color=GREY, linewidth=1, linestyle=":")
    for axes in (left, right):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(WITH_COMMAS)
        plain_frame(axes)
    left.set_xscale("log")
    sizes = sorted({time.n for it in found for time in it.over_n})
    left.set_xticks([n for i, n in enumerate(sizes) if i == 0 or n >= 1.9 * sizes[i - 1]])
    left.xaxis.set_major_formatter(WITH_COMMAS)
    left.xaxis.set_minor_formatter(NullFormatter())
    left.tick_params(axis="x", labelrotation=45)
    left.set_xlabel("images with random labels, n", color=GREY)
    left.set_ylabel("steps of SGD to fit\n(dotted: the budget)", color=GREY)
    right.xaxis.set_major_formatter(in_percent)
    right.set_xlabel("labels corrupted", color=GREY)
    legend_below(figure, len(found))
    return figure


def _means(axes: Axes, x: Sequence[float], times: Sequence[Time], **style: Any) -> None:
    """Means where every seed fitted; a gap where one did not."""
    found = [in_logs(time.steps) or (math.nan,) * 3 for time in times]
    errors = [(mean - low, high - mean) for mean, low, high in found]
    means = [mean for mean, *_ in found]
    yerr = list(zip(*errors, strict=True))
    axes.errorbar(x, means, yerr=yerr, capsize=2, linewidth=1.5, **style)
