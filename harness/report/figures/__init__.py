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
    "kernel-errors": Drawing(
        "kernels:table_3",
        "5-mnist",
        "Table 3: test errors of interpolating kernel machines, measured and published.",
    ),
    "norms": Drawing(
        "kernels:norms",
        "5-norm-no-predictor",
        "From pixels to wavelets the norm rises and the test error falls; from true to random"
        " labels both rise.",
    ),
    "ridge-path": Drawing(
        "kernels:ridge_path",
        "5-no-gain",
        "Test error against the ridge: it saves nothing where labels are true, much where they"
        " are noisy.",
    ),
    "filters-curve": Drawing(
        "kernels:filters_curve",
        "5-cifar-l2",
        "Test error against the number of random filters: without a ridge it peaks where there"
        " are as many features as examples.",
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
