"""Figures of Section 5: Table 3 as dots, norms against errors, ridges, numbers of filters."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from harness.report.figures.style import BLUE, GREY, PALETTE, FigureEntries, single


def table_3(entries: FigureEntries) -> Figure:
    """A row a model: the measured test error, and the published one if there is one."""
    rows = list({(it["model"], it["where"]): it for it in entries}.values())
    figure, axes = single(1.3 + 0.45 * len(rows))
    for height, row in enumerate(reversed(rows)):
        if row["published"] is not None:
            axes.plot(100 * row["published"], height, "D", color=GREY, markersize=8, mfc="none")
        axes.plot(100 * row["error"], height, "o", color=BLUE, markersize=6)
        axes.annotate(
            f"{100 * row['error']:.2f} %", (100 * row["error"], height),
            xytext=(0, 8), textcoords="offset points", fontsize=9, ha="center",
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [it["model"] for it in reversed(rows)])
    axes.set(ylim=(-0.7, len(rows) - 0.3), xscale="log", xlim=(0.4, 100))
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.set_xlabel("test error [%]; dot: measured, diamond: published")
    return figure


def norms(entries: FigureEntries) -> Figure:
    """Arrows from one model to the next: norm to the right, test error upwards."""
    figure, axes = single(3.2)
    for colour, it in zip(PALETTE * len(entries), entries, strict=False):
        errors = [100 * error for error in it["errors"]]
        axes.plot(it["norms"], errors, "o", color=colour, markersize=5, label=it["name"])
        axes.annotate(
            "", xy=(it["norms"][1], errors[1]), xytext=(it["norms"][0], errors[0]),
            arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 3, "shrinkB": 3},
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", ylabel="test error [%]")
    axes.set_xlabel("norm of the interpolant, root of trace(Y' alpha)")
    _plain(axes.xaxis)
    _plain(axes.yaxis)
    axes.margins(0.2)
    _legend(axes)
    return figure


def ridge_path(entries: FigureEntries) -> Figure:
    """Test error against the ridge; filled: the ridge chosen on held-out images."""
    figure, axes = single(3.2)
    for colour, it in zip(PALETTE * len(entries), entries, strict=False):
        ridges = it["ridges"]
        # A ridge of 0 is drawn at the left, a decade below the smallest.
        positions = [ridge or min(filter(None, ridges), default=1.0) / 10 for ridge in ridges]
        errors = [100 * error for error in it["test"]]
        style: dict[str, Any] = {"color": colour, "mfc": "none", "markersize": 4}
        axes.plot(positions, errors, "o-", label=it["model"], **style)
        axes.plot(positions[it["chosen"]], errors[it["chosen"]], "o", color=colour, markersize=7)
    axes.set(xscale="log", yscale="log", ylabel="test error [%]")
    axes.set_xlabel("ridge (far left: none; filled: chosen on held-out images)")
    _plain(axes.yaxis)
    _legend(axes)
    return figure


def filters_curve(entries: FigureEntries) -> Figure:
    """Test error against features per example, a line a ridge; the minimum norm peaks at 1."""
    figure, axes = single(3.2)
    styles = ("o-", "s--", "^:")
    for colour, it in zip(PALETTE * len(entries), entries, strict=False):
        ratios = [(8 * filters + 1) / it["n"] for filters in it["filters"]]
        for style, (ridge, errors) in zip(styles, it["errors"].items(), strict=False):
            name = "minimum norm" if float(ridge) == 0 else f"ridge {ridge}"
            axes.plot(
                ratios, [100 * error for error in errors], style, color=colour, markersize=4,
                label=f"{it['where']}, n = {it['n']:,}, {name}",
            )  # fmt: skip
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set(xscale="log", xlabel="features / training examples", ylabel="test error [%]")
    axes.set_ylim(bottom=0)
    _plain(axes.xaxis)
    _legend(axes)
    return figure


def _plain(axis: Axis) -> None:
    """A logarithmic axis with plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8, frameon=False)
