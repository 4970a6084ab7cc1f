"""Learning curves of custom networks, on true and on random labels."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    in_percent(axes.yaxis)
    if nothing:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", color=GREY)
    else:
        axes.set_xscale("log")
        with_commas(axes.xaxis)
    plain_frame(axes)
