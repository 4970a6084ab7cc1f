"""Capacity profiles: steps to fit against the sample's size and against label corruption."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from harness.report.figures.networks import COLOURS, GREY, LONGEST

MARKERS = ("o", "s", "^", "v", "D", "P")


def profiles(entries: Sequence[dict[str, Any]]) -> Figure:
    """Means over seeds with intervals; shaded: the largest sample memorised within the budget.

    An entry is `harness.capacity.profile_results.Profile.as_dict`.
    """
    rows = -(-len(entries) // 2)
    figure = Figure(figsize=(6.8, 3.2 + 0.2 * rows), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for place, it in enumerate(entries):
        style = {"color": COLOURS[place % 6], "marker": MARKERS[place % 6], "markersize": 5}
        name = it["network"]
        name = name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}"
        _means(left, it["time over n"], "n", label=name, **style)
        _means(right, it["time over corruption"], "corruption", **style)
        _capacity(left, it, style["color"])
    budgets = {it["budget in steps"] for it in entries}
    for axes in (left, right):
        for budget in budgets:
            axes.axhline(budget, color=GREY, linewidth=1, linestyle=":")
        _finish(axes)
    left.set_xscale("log")
    sizes = sorted({it["n"] for each in entries for it in each["time over n"]})
    ticks = [n for i, n in enumerate(sizes) if i == 0 or n >= 1.9 * sizes[i - 1]]
    left.set_xticks(ticks or sizes)
    left.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    left.xaxis.set_minor_formatter(NullFormatter())
    left.tick_params(axis="x", labelrotation=45)
    left.set_xlabel("images with random labels, n", color=GREY)
    left.set_ylabel("steps of SGD to fit\n(dotted: the budget)", color=GREY)
    right.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.0f} %"))
    right.set_xlabel("labels corrupted", color=GREY)
    figure.legend(
        loc="outside lower center",
        ncols=min(2, len(entries)),
        frameon=False,
        fontsize=8,
        labelcolor=GREY,
    )
    return figure


def _means(axes: Axes, times: Sequence[dict[str, Any]], x: str, **style: Any) -> None:
    """Where every seed fitted; a gap where one did not."""
    means = [math.nan if it["mean"] is None else it["mean"] for it in times]
    ends = [it["interval"] or (mean, mean) for it, mean in zip(times, means, strict=True)]
    axes.errorbar(
        [it[x] for it in times],
        means,
        yerr=[
            [mean - low for mean, (low, _) in zip(means, ends, strict=True)],
            [high - mean for mean, (_, high) in zip(means, ends, strict=True)],
        ],
        capsize=2,
        linewidth=1.5,
        **style,
    )


def _capacity(axes: Axes, it: dict[str, Any], colour: str) -> None:
    """The interval of the largest memorised sample; a line where nothing ends it."""
    low, high = it["interval"]
    if high is not None:
        axes.axvspan(max(low, 1), high, color=colour, alpha=0.15, linewidth=0)
    elif it["memorised"]:
        axes.axvline(it["memorised"], color=colour, linewidth=1, alpha=0.5)


def _finish(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
    axes.tick_params(colors=GREY, which="both")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
