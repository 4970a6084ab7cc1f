"""What all figures share: Okabe and Ito's colours, which are distinct with any colour vision."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = PALETTE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
)
BLACK, GREY = "#000000", "#808080"
"""Grey is legible on light and on dark pages."""
WITH_COMMAS = "{x:,.0f}"
"""Whole numbers at the ticks of an axis."""
LONGEST_NAME = 34
"""Letters of a network's name in a legend."""

FigureEntries = Sequence[dict[str, Any]]
"""What checks left in the evidence for a figure, in the evidence's order."""


def single(height: float) -> tuple[Figure, Axes]:
    """A figure of one panel with a light grid, so many inches high."""
    figure = Figure(figsize=(6, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, linewidth=0.4, alpha=0.4)
    return figure, axes


def plain_frame(axes: Axes) -> None:
    """Grey axes at the left and below."""
    axes.tick_params(colors=GREY, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)


def in_percent(share: float, _: object) -> str:
    """A tick of an axis of shares."""
    return f"{100 * share:.0f} %"


def legend_below(figure: Figure, count: int, **options: Any) -> None:
    """One legend for all panels, below them."""
    style = {"frameon": False, "fontsize": 8, "labelcolor": GREY, **options}
    figure.legend(loc="outside lower center", ncols=min(2, count), **style)


def shortened(name: str) -> str:
    """The end of a name that is too long for a legend."""
    return name if len(name) <= LONGEST_NAME else f"...{name[3 - LONGEST_NAME :]}"
