"""The figures of the report: each drawn from the entries that the checks left in the evidence.

A drawing function takes the data of all entries of its name, in the evidence's order, and returns
a matplotlib Figure.
"""

import importlib
import io
import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
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
    also: tuple[str, ...] = ()
    """Other claims that it shows something of."""


FIGURES: dict[str, Drawing] = {
    "figure-1a": Drawing(
        "paper:figure_1a",
        "2.1-quick",
        "Figure 1a: training loss against steps, for true labels and the four randomisations.",
        ("2.1-pixels", "2.1-noise-first", "2.1-fit"),
    ),
    "figure-1b": Drawing(
        "paper:figure_1b",
        "2.1-time-grows",
        "Figure 1b: epochs until the training set is fitted, relative to true labels, against the"
        " share of corrupted labels.",
        ("2.1-slowdown", "2.1-every-level"),
    ),
    "figure-1c": Drawing(
        "paper:figure_1c",
        "2.1-error-grows",
        "Figure 1c: test error once the training set is fitted, against the share of corrupted"
        " labels. Ours is counted against test labels corrupted with the same probability.",
    ),
    "figure-2a": Drawing(
        "paper:figure_2a",
        "3.1-early-stopping",
        "Figure 2a: top-1 accuracy on ImageNet against steps, by the regularisers that are on.",
        ("3-table2",),
    ),
    "figure-2b": Drawing(
        "paper:figure_2b",
        "3.1-batchnorm",
        "Figure 2b: training and test accuracy against steps, with and without BatchNorm.",
        ("3.1-early-stopping",),
    ),
    "own-networks": Drawing(
        "networks:learning_curves",
        "2.1-fit",
        "Networks of one's own: training accuracy, as the batches came, against steps, on true and"
        " on random labels.",
    ),
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


def figures_as_svg(
    records: Sequence[Evidence],
    curves: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    empty: Collection[str] = (),
    notice: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Each figure that there is something to draw for, by name, in the order of `FIGURES`.

    ``curves`` is what `harness.report.curves.paper_figures` makes of runs; figures named by
    ``empty`` are drawn in any case. Where a ``notice`` is given, an entry that cannot be drawn
    costs its figure, and one of these.
    """
    data: dict[str, list[dict[str, Any]]] = {name: [] for name in empty}
    for name, series in (curves or {}).items():
        data.setdefault(name, []).extend(series)
    for record in records:
        if record.figure is not None and record.figure.get("name") in FIGURES:
            data.setdefault(record.figure["name"], []).append(_plottable(record.figure["data"]))
    drawn = {}
    for name in (name for name in FIGURES if name in data):
        try:
            with warnings.catch_warnings():  # Of a value that has no place on a logarithmic axis.
                warnings.simplefilter("ignore")
                drawn[name] = as_svg(drawing_of(name)(data[name]))
        except Exception as error:  # Entries may come from somebody's file: the rest is shown.
            if notice is None:
                raise
            notice(f"the figure {name} cannot be drawn from this evidence ({error!r})")
    return drawn


def _plottable(data: Any) -> Any:
    """Evidence has null for what is not finite: in a list of numbers it leaves a gap."""
    if isinstance(data, dict):
        return {key: _plottable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [math.nan if value is None else _plottable(value) for value in data]
    return data


def as_svg(figure: "Figure") -> str:
    """The same bytes for the same figure: no date, no random ids; text stays text."""
    import matplotlib

    buffer = io.StringIO()
    # A figure that lays itself out needs no second look at where its edges are.
    tight = None if figure.get_layout_engine() else "tight"
    with matplotlib.rc_context({"svg.hashsalt": "claims", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches=tight)
    return buffer.getvalue()
