"""Capacity profiles: steps to fit against the sample's size and against label corruption."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from harness.report.figures.style import (
    GREY,
    PALETTE,
    FigureEntries,
    in_percent,
    legend_below,
    plain_frame,
    shortened,
    with_commas,
)

MARKERS = ("o", "s", "^", "v", "D", "P")


def profiles(entries: FigureEntries) -> Figure:
    """Means over seeds with intervals; shaded: the largest sample memorised within the budget.

    An entry is `harness.capacity.profile_results.Profile.as_dict`.
    """
    rows = -(-len(entries) // 2)
    figure = Figure(figsize=(6.8, 3.2 + 0.2 * rows), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for i, it in enumerate(entries):
        style: dict[str, Any] = {"color": PALETTE[i % 6], "marker": MARKERS[i % 6], "markersize": 5}
        _means(left, it["time over n"], "n", label=shortened(it["network"]), **style)
        _means(right, it["time over corruption"], "corruption", **style)
        _capacity(left, it, style["color"])
    for axes in (left, right):
        for budget in {it["budget in steps"] for it in entries}:
            axes.axhline(budget, color=GREY, linewidth=1, linestyle=":")
        axes.set_yscale("log")
        with_commas(axes.yaxis)
        plain_frame(axes)
    left.set_xscale("log")
    sizes = sorted({it["n"] for each in entries for it in each["time over n"]})
    left.set_xticks([n for i, n in enumerate(sizes) if i == 0 or n >= 1.9 * sizes[i - 1]])
    with_commas(left.xaxis)
    left.xaxis.set_minor_formatter(NullFormatter())
    left.tick_params(axis="x", labelrotation=45)
    left.set_xlabel("images with random labels, n", color=GREY)
    left.set_ylabel("steps of SGD to fit\n(dotted: the budget)", color=GREY)
    in_percent(right.xaxis)
    right.set_xlabel("labels corrupted", color=GREY)
    legend_below(figure, len(entries))
    return figure


def _means(axes: Axes, times: Sequence[dict[str, Any]], x: str, **style: Any) -> None:
    """Means where every seed fitted; a gap where one did not."""
    means = [math.nan if it["mean"] is None else it["mean"] for it in times]
    ends = [it["interval"] or (mean, mean) for it, mean in zip(times, means, strict=True)]
    errors = [(mean - low, high - mean) for mean, (low, high) in zip(means, ends, strict=True)]
    axes.errorbar(
        [it[x] for it in times],
        means,
        yerr=list(zip(*errors, strict=True)),
        capsize=2,
        linewidth=1.5,
        **style,
    )


def _capacity(axes: Axes, it: dict[str, Any], colour: str) -> None:
    """The interval of the largest memorised sample; a line if every tried sample was memorised."""
    low, high = it["interval"]
    if high is not None:
        axes.axvspan(max(low, 1), high, color=colour, alpha=0.15, linewidth=0)
    elif it["memorised"]:
        axes.axvline(it["memorised"], color=colour, linewidth=1, alpha=0.5)
