"""Learning curves of networks of one's own, on true and on random labels."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("-", "--", ":", "-.")
GREY = "#888888"
LONGEST = 34
"""Letters of a name in the legend."""


def learning_curves(entries: Sequence[dict[str, Any]]) -> Figure:
    """Training accuracy against steps: true labels on the left, random ones on the right.

    An entry is ``{"network": ..., "labels": "true labels" | "random labels", "x": steps, "y":
    shares}``, one a run.
    """
    names = list(dict.fromkeys(it["network"] for it in entries))
    rows = -(-len(names) // 2)
    figure = Figure(figsize=(6.4, 3.0 + 0.2 * rows), layout="constrained")
    panels = dict(
        zip(("true labels", "random labels"), figure.subplots(1, 2, sharey=True), strict=True)
    )
    for labels, axes in panels.items():
        drawn = [it for it in entries if it["labels"] == labels]
        for it in drawn:
            place = names.index(it["network"])
            axes.plot(
                it["x"],
                it["y"],
                DASHES[place // len(COLOURS) % len(DASHES)],
                color=COLOURS[place % len(COLOURS)],
                marker="o" if len(it["x"]) < 3 else None,
                linewidth=1.6,
            )
        _finish(axes, labels, nothing=not drawn)
    panels["true labels"].set_ylabel("training accuracy", color=GREY)
    handles = [
        figure.axes[0].plot(
            [],
            [],
            DASHES[place // len(COLOURS) % len(DASHES)],
            color=COLOURS[place % len(COLOURS)],
            label=name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}",
        )[0]
        for place, name in enumerate(names)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(2, len(names)),
        frameon=False,
        fontsize=8,
        labelcolor=GREY,
    )
    return figure


def _finish(axes: Axes, title: str, nothing: bool) -> None:
    axes.set_title(title, fontsize=10, color=GREY)
    axes.set_xlabel("steps of SGD", color=GREY)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
    if nothing:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", color=GREY)
    else:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.tick_params(colors=GREY, which="both")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
