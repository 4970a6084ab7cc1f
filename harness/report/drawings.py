"""The report's figures by name, and how evidence becomes SVG: a file, or a part of a page.

A drawing function takes the data of all entries of its name, in the evidence's order.
"""

import io
import math
import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from harness.evidence.record import Evidence
from harness.report.figures import capacity, expressivity, kernels, networks, paper
from harness.report.figures.style import FigureEntries

DARK = {
    "#000000": "#e8e5df",
    "#ffffff": "#1b1e23",
    "#0072b2": "#5aaeea",
    "#d55e00": "#f58a45",
    "#009e73": "#3cc79c",
    "#cc79a7": "#e79fc4",
    "#56b4e9": "#8fd0f5",
    "#e69f00": "#f0b840",
}
"""Colours and their counterparts on dark pages, as in the style sheet; grey is legible on both."""


def inline(svg: str, name: str, description: str) -> str:
    """An ``<svg>`` element for a page: its ids begin with ``name``, readers hear the description.

    Without XML's preamble and a size; its colours follow light and dark.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', body)
    for colour in DARK:
        variable = f"var(--c{colour[1:]}, {colour})"
        body = re.sub(rf"{colour}\b", variable, body, flags=re.IGNORECASE)
    for size in ("width", "height"):
        body = re.sub(rf'(<svg\b[^>]*?) {size}="[\d.]+pt"', r"\1", body, count=1)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return body.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def standalone(svg: str, name: str, description: str) -> str:
    """A figure as a file that follows light and dark, for an image in Markdown."""
    markup = inline(svg, name, description)
    variables = " ".join(f"--c{light[1:]}: {dark};" for light, dark in DARK.items())
    style = (
        "<style>text { fill: var(--c000000, #000000); }"
        f" @media (prefers-color-scheme: dark) {{ svg {{ {variables} }} }}</style>"
    )
    start = markup.index(">") + 1
    return f"{markup[:start]}\n{style}{markup[start:]}"


@dataclass(frozen=True)
class Drawing:
    """The function that draws a figure, the claim that it belongs to, and its caption."""

    draw: Callable[[FigureEntries], Figure]
    claim: str
    caption: str
    also: tuple[str, ...] = ()
    """Other claims that it shows something of."""


FIGURES: dict[str, Drawing] = {
    "figure-1a": Drawing(
        paper.figure_1a,
        "2.1-quick",
        "Figure 1a: training loss against steps, for true labels and the four randomisations.",
        ("2.1-pixels", "2.1-noise-first", "2.1-fit"),
    ),
    "figure-1b": Drawing(
        paper.figure_1b,
        "2.1-time-grows",
        "Figure 1b: epochs until the training set is fitted, relative to true labels, against the"
        " share of corrupted labels.",
        ("2.1-slowdown", "2.1-every-level"),
    ),
    "figure-1c": Drawing(
        paper.figure_1c,
        "2.1-error-grows",
        "Figure 1c: test error once the training set is fitted, against the share of corrupted"
        " labels. Ours is counted against test labels corrupted with the same probability.",
    ),
    "figure-2a": Drawing(
        paper.figure_2a,
        "3.1-early-stopping",
        "Figure 2a: top-1 accuracy on ImageNet against steps, by the regularisers that are on.",
        ("3-table2",),
    ),
    "figure-2b": Drawing(
        paper.figure_2b,
        "3.1-batchnorm",
        "Figure 2b: training and test accuracy against steps, with and without BatchNorm.",
        ("3.1-early-stopping",),
    ),
    "custom-networks": Drawing(
        networks.learning_curves,
        "2.1-fit",
        "Custom networks: online training accuracy against steps, on true and on random labels.",
    ),
    "lemma1-interleaving": Drawing(
        expressivity.interleaving,
        "4-lemma1-rank",
        "Lemma 1: each point lies right of its own breakpoint and left of the next, so that the"
        " matrix of hinge values is lower triangular with a positive diagonal.",
    ),
    "theorem1-function": Drawing(
        expressivity.fitted_function,
        "4-theorem1",
        "Theorem 1: a sum of hinges through seven points. With breakpoints in the middle of the"
        " gaps the slopes oscillate; just above the previous points they do not.",
    ),
    "theorem1-breakpoints": Drawing(
        expressivity.breakpoints_and_weights,
        "4-weights",
        "The norm of the weights against the position of the breakpoints. The smallest singular"
        " value bounds it, the smallest eigenvalue does not.",
    ),
    "corollary1-depth-and-width": Drawing(
        expressivity.depth_and_width,
        "4-corollary1",
        "Corollary 1: depth is traded for width; the number of weights stays within a constant"
        " times n + d.",
    ),
    "rademacher-complexity": Drawing(
        capacity.rademacher,
        "2.2-rademacher",
        "The empirical Rademacher complexity stays at 1 for networks, trained or constructed,"
        " where that of classes with a small one falls as one over the root of n.",
    ),
    "uniform-stability": Drawing(
        capacity.stability,
        "2.2-stability-fails",
        "How far the loss moves where one example of the sample is replaced: mean at that example"
        " (bands: 95 % over replacements) and largest at any point.",
    ),
    "complexity-measures": Drawing(
        capacity.complexity,
        "M-labels",
        "The generalisation gap, and each complexity measure, on true, half-random and random"
        " labels. A measure that explains the gap has the same order of colours, and falls where"
        " the gap falls.",
        ("M-gaps", "M-images"),
    ),
    "kernel-errors": Drawing(
        kernels.table_3,
        "5-mnist",
        "Table 3: test errors of interpolating kernel machines, measured and published.",
    ),
    "norms": Drawing(
        kernels.norms,
        "5-norm-no-predictor",
        "From pixels to wavelets the norm rises and the test error falls; from true to random"
        " labels both rise.",
    ),
    "ridge-path": Drawing(
        kernels.ridge_path,
        "5-no-gain",
        "Test error against the ridge: it saves nothing where labels are true, much where they"
        " are noisy.",
    ),
    "filters-curve": Drawing(
        kernels.filters_curve,
        "5-cifar-l2",
        "Test error against the number of random filters: without a ridge it peaks where there"
        " are as many features as examples.",
    ),
}


def figures_as_svg(
    records: Sequence[Evidence],
    curves: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    empty: Collection[str] = (),
    warn: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Each figure for which there are data, by name, in the order of `FIGURES`.

    ``curves`` is what `harness.report.curves.paper_figures` makes of runs; figures named by
    ``empty`` are drawn in any case. A figure that cannot be drawn is left out with a warning;
    without ``warn`` its error is raised.
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
            with warnings.catch_warnings():  # Matplotlib warns of zeros on logarithmic axes.
                warnings.simplefilter("ignore")
                drawn[name] = as_svg(FIGURES[name].draw(data[name]))
        except Exception as error:  # The rest of the report is worth showing.
            if warn is None:
                raise
            warn(f"the figure {name} cannot be drawn from this evidence ({error!r})")
    return drawn


def _plottable(data: Any) -> Any:
    """Null in evidence, for a value that is not finite, becomes NaN: a gap in a curve."""
    if isinstance(data, dict):
        return {key: _plottable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [math.nan if value is None else _plottable(value) for value in data]
    return data


def as_svg(figure: Figure) -> str:
    """The same bytes for the same figure: no date, no random ids; text stays text."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "claims", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
