"""Figures of section 5: Table 3 as dots, norms against errors, ridges, numbers of filters."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#7f7f7f"
COLOURS = (BLUE, ORANGE, GREEN, "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's, told apart by colour-blind eyes."""


def table_3(entries: Sequence[dict[str, Any]]) -> Figure:
    """A row a model: the measured test error, and the published one where there is one."""
    rows = list({(it["model"], it["where"]): it for it in entries}.values())
    figure, axes = _figure(1.3 + 0.45 * len(rows))
    for height, row in enumerate(reversed(rows)):
        if row["published"] is not None:
            axes.plot(100 * row["published"], height, "D", color=GREY, markersize=8, mfc="none")
        axes.plot(100 * row["error"], height, "o", color=BLUE, markersize=6)
        axes.annotate(
            f"{100 * row['error']:.2f} %", (100 * row["error"], height),
            xytext=(0, 8), textcoords="offset points", fontsize=9, ha="center",
        )  # fmt: skip
    axes.set_yticks(range(len(rows)), [it["model"] for it in reversed(rows)])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xscale("log")
    axes.set_xlim(0.4, 100)
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.set_xlabel("test error [%]; dot: measured, diamond: published")
    return figure


def norms(entries: Sequence[dict[str, Any]]) -> Figure:
    """Arrows from one model to the next: norm to the right, test error upwards."""
    figure, axes = _figure(3.2)
    for colour, it in zip(COLOURS * len(entries), entries, strict=False):
        errors = [100 * error for error in it["errors"]]
        axes.plot(it["norms"], errors, "o", color=colour, markersize=5, label=it["name"])
        axes.annotate(
            "", xy=(it["norms"][1], errors[1]), xytext=(it["norms"][0], errors[0]),
            arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 3, "shrinkB": 3},
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes.xaxis)
    _plain(axes.yaxis)
    axes.set_xlabel("norm of the interpolant, root of trace(Y' alpha)")
    axes.set_ylabel("test error [%]")
    axes.margins(0.2)
    _legend(axes)
    return figure


def ridge_path(entries: Sequence[dict[str, Any]]) -> Figure:
    """Test error against the ridge; the ridge that held-out images chose is filled."""
    figure, axes = _figure(3.2)
    for colour, it in zip(COLOURS * len(entries), entries, strict=False):
        ridges = it["ridges"]
        # No ridge stands at the left, a decade below the least.
        places = [ridge or min(filter(None, ridges), default=1.0) / 10 for ridge in ridges]
        errors = [100 * error for error in it["test"]]
        axes.plot(places, errors, "o-", color=colour, mfc="none", markersize=4, label=it["model"])
        axes.plot(places[it["chosen"]], errors[it["chosen"]], "o", color=colour, markersize=7)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes.yaxis)
    axes.set_xlabel("ridge (far left: none; filled: chosen on held-out images)")
    axes.set_ylabel("test error [%]")
    _legend(axes)
    return figure


def filters_curve(entries: Sequence[dict[str, Any]]) -> Figure:
    """Test error against features over examples, a line a ridge; at 1 the minimum norm peaks."""
    figure, axes = _figure(3.2)
    styles = ("o-", "s--", "^:")
    for colour, it in zip(COLOURS * len(entries), entries, strict=False):
        ratios = [(8 * filters + 1) / it["n"] for filters in it["filters"]]
        for style, (ridge, errors) in zip(styles, it["errors"].items(), strict=False):
            words = "minimum norm" if float(ridge) == 0 else f"ridge {ridge}"
            axes.plot(
                ratios, [100 * error for error in errors], style, color=colour, markersize=4,
                label=f"{it['where']}, n = {it['n']:,}, {words}",
            )  # fmt: skip
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set_xscale("log")
    _plain(axes.xaxis)
    axes.set_xlabel("features / training examples")
    axes.set_ylabel("test error [%]")
    axes.set_ylim(bottom=0)
    _legend(axes)
    return figure


def _plain(axis: Axis) -> None:
    """A logarithmic axis with numbers as people write them."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, linewidth=0.4, alpha=0.4)
    return figure, axes


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8, frameon=False)
