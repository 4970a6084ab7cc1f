"""The figures of the report: each drawn from the exhibits that the checks left in the evidence.

A drawing function takes the data of all exhibits of its name, in the evidence's order, and returns
a matplotlib Figure.
"""

import importlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UnknownName
from harness.evidence.record import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """Where a figure is drawn, the claim that it belongs to, and what it shows, in a sentence."""

    function: str
    """``module:function``, below this package."""
    claim: str
    caption: str


FIGURES: dict[str, Drawing] = {
    "lemma1-interleaving": Drawing(
        "expressivity:interleaving",
        "4-lemma1-rank",
        "Lemma 1: each point lies right of its own breakpoint and left of the next, so that the"
        " matrix of hinge values is lower triangular with a positive diagonal.",
    ),
    "theorem1-function": Drawing(
        "expressivity:fitted_function",
        "4-theorem1",
        "Theorem 1: a sum of hinges through seven points. With breakpoints in the middle of the"
        " gaps the slopes oscillate; just above the previous points they do not.",
    ),
    "theorem1-breakpoints": Drawing(
        "expressivity:breakpoints_and_weights",
        "4-weights",
        "The norm of the weights against the place of the breakpoints. The smallest singular value"
        " bounds it, the smallest eigenvalue does not.",
    ),
    "corollary1-depth-and-width": Drawing(
        "expressivity:depth_and_width",
        "4-corollary1",
        "Corollary 1: depth is traded for width; the number of weights stays within a constant"
        " times n + d.",
    ),
    "rademacher-complexity": Drawing(
        "capacity:rademacher",
        "2.2-rademacher",
        "The empirical Rademacher complexity stays at 1 for networks, trained or constructed,"
        " where that of classes with a small one falls as one over the root of n.",
    ),
    "uniform-stability": Drawing(
        "capacity:stability",
        "2.2-stability-fails",
        "How far the loss moves where one example of the sample is replaced: mean at that example"
        " (bands: 95 % over replacements) and largest at any point.",
    ),
}


def drawing_of(name: str) -> Callable[[Sequence[dict[str, Any]]], "Figure"]:
    """The function that draws a figure; raises UnknownName."""
    if name not in FIGURES:
        raise UnknownName("figure", name, FIGURES)
    module, _, function = FIGURES[name].function.partition(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)


def figures_as_svg(records: Sequence[Evidence]) -> dict[str, str]:
    """Each figure that these records have exhibits for, by name, in the order of `FIGURES`."""
    data: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.exhibit is not None and record.exhibit.get("name") in FIGURES:
            data.setdefault(record.exhibit["name"], []).append(record.exhibit["data"])
    return {name: as_svg(drawing_of(name)(data[name])) for name in FIGURES if name in data}


def as_svg(figure: "Figure") -> str:
    """The same bytes for the same figure: no date, no random ids; text stays text."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "claims", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return buffer.getvalue()
