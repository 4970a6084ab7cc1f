"""Figures of section 2.2: complexity against sample size, stability against size and passes."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLES = {
    "trained network": ("#0072b2", "o", "-"),
    "network of Theorem 1": ("#009e73", "s", "-"),
    "halfspaces, at random": ("#e69f00", "^", "--"),
    "linear, bounded norm": ("#d55e00", "v", "--"),
    "random labels": ("#d55e00", "o", "-"),
    "true labels": ("#0072b2", "s", "-"),
    "ridge, random labels": ("#009e73", "v", "--"),
}
"""Okabe and Ito's colours, which the colour-blind can tell apart; markers and dashes as well."""

GREY = "#888888"
"""For text and frames: legible on light and on dark."""


def rademacher(exhibits: Sequence[dict[str, Any]]) -> Figure:
    """Empirical Rademacher complexity against the sample's size, both on logarithmic axes.

    An exhibit is ``{"class": ..., "n": [...], "mean": [...], "low": [...], "high": [...]}``.
    """
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    drawn = _by_label(exhibits, "class")
    for label, curves in drawn.items():
        points = sorted({point for curve in curves for point in _points(curve)})
        _line(axes, label, points)
    _guide(axes, [n for it in exhibits for n in it["n"]], -0.5, 1.0, "1 / √n")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="points in the sample, n",
        ylabel="empirical Rademacher complexity",
    )
    axes.set_ylim(top=2)
    _finish(axes)
    return figure


def stability(exhibits: Sequence[dict[str, Any]]) -> Figure:
    """Change of the loss at a replaced example, against sample size (left) and passes (right).

    An exhibit is ``{"class": ..., "over": "n" | "passes", "x": [...], "mean": [...], "low": [...],
    "high": [...], "largest": [...]}``; the largest change at any point is drawn thin and dotted.
    """
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, over, name in (
        (left, "n", "points in the sample, n"),
        (right, "passes", "passes over the sample"),
    ):
        of_it = [it for it in exhibits if it["over"] == over]
        for label, curves in _by_label(of_it, "class").items():
            points = sorted({point for curve in curves for point in _points(curve, "x")})
            largest = sorted({p for it in curves for p in zip(it["x"], it["largest"], strict=True)})
            _line(axes, label, points)
            colour = STYLES.get(label, (GREY, "x", "-"))[0]
            axes.plot(*zip(*largest, strict=True), ":", color=colour, linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel=name)
        if of_it:
            axes.plot([], [], ":", color=GREY, linewidth=1, label="largest at any point")
        _finish(axes)
    left.set_ylabel("change of the loss (0 to 1)\nwhere one example is replaced")
    return figure


def _by_label(exhibits: Sequence[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for exhibit in exhibits:
        grouped.setdefault(exhibit[key], []).append(exhibit)
    order = list(STYLES)
    return dict(sorted(grouped.items(), key=lambda it: order.index(it[0]) if it[0] in order else 9))


def _points(curve: dict[str, Any], x: str = "n") -> list[tuple[float, float, float, float]]:
    return list(zip(curve[x], curve["mean"], curve["low"], curve["high"], strict=True))


def _line(axes: Axes, label: str, points: list[tuple[float, float, float, float]]) -> None:
    colour, marker, dashes = STYLES.get(label, (GREY, "x", "-"))
    x, mean, low, high = zip(*points, strict=True)
    axes.fill_between(x, [max(y, 1e-9) for y in low], high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(x, mean, dashes, color=colour, marker=marker, markersize=5, label=label)


def _guide(axes: Axes, x: Sequence[float], power: float, at_one: float, label: str) -> None:
    """A straight line for the eye: y = at_one * x^power."""
    ends = [min(x), max(x)]
    axes.plot(ends, [at_one * n**power for n in ends], ":", color=GREY, linewidth=1, label=label)


def _finish(axes: Axes) -> None:
    axes.tick_params(colors=GREY, which="both")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=8, labelcolor=GREY)
