"""Figures 1a, 1b, 1c, 2a and 2b again: the paper's curves dashed, ours solid.

The first panel has the paper's network, data and axes. Other networks and reduced scale have
panels of their own, without the paper's curves. Lines are means over runs, bands reach from the
lowest run to the highest. Beyond the shortest run, each run has a thin line.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from harness.evidence.published_figures import published_curve, published_figure
from harness.models.registry import MODELS
from harness.report.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, SKY, FigureEntries

COLOURS = {
    "fig1a": {
        "true labels": BLUE,
        "random labels": ORANGE,
        "shuffled pixels": SKY,
        "random pixels": GREEN,
        "gaussian": PINK,
    },
    "fig1b": {"Inception": BLUE, "AlexNet": ORANGE, "MLP 1x512": GREEN},
    "fig1c": {"Inception": BLUE, "AlexNet": ORANGE, "MLP 1x512": GREEN},
    "fig2a": {"aug+wd+dropout": BLUE, "wd only": GREEN, "none": ORANGE},
    "fig2b": {"Inception": BLUE, "Inception w/o BN": ORANGE},
}
WIDTH = 5.4
"""Inches: on a phone, at 360 pixels, the smallest letters are 8 pixels high."""
MOST_PANELS = 6
"""Beside the paper's."""

Series = list[dict[str, Any]]
"""Curves of a panel; see `harness.report.curves`."""


def figure_1a(entries: FigureEntries) -> Figure:
    """Training loss against steps in the five settings, for the Inception and other networks."""
    groups = _grouped(entries, "Inception, CIFAR-10", by_network=True)
    figure, panels = _panels(len(groups) - 1)
    for axes, (title, series) in zip(panels, groups.items(), strict=False):
        main = axes is panels[0]
        if main:
            _paper(axes, "fig1a")
        _ours(axes, series, COLOURS["fig1a"], per=1_000 if main else 1)
        axes.set(ylim=(0, None), xlabel="thousand steps" if main else "steps")
        axes.set_ylabel("training loss")
        _finish(axes, title, nothing=main and not series)
    panels[0].set_xlim(0, 25)
    _legend(figure, COLOURS["fig1a"], panels)
    return figure


def figure_1b(entries: FigureEntries) -> Figure:
    """Epochs to fit, relative to true labels, against label corruption."""
    return _over_corruption("fig1b", "relative time to fit", _relative(entries))


def figure_1c(entries: FigureEntries) -> Figure:
    """Test error against label corruption."""
    return _over_corruption("fig1c", "test error", entries)


def figure_2a(entries: FigureEntries) -> Figure:
    """Inception v3 on ImageNet: top-1 accuracy on training and test images against steps."""
    return _train_and_test("fig2a", entries, "Inception v3, ImageNet")


def figure_2b(entries: FigureEntries) -> Figure:
    """The Inception with and without BatchNorm: training and test accuracy against steps."""
    return _train_and_test("fig2b", entries, "Inception, CIFAR-10")


def _over_corruption(name: str, ylabel: str, entries: FigureEntries) -> Figure:
    groups = _grouped(entries, "CIFAR-10")
    figure, panels = _panels(len(groups) - 1)
    colours = dict(COLOURS[name])
    for other in sorted({it["curve"] for it in entries} - set(colours)):
        colours[other] = (PINK, SKY, BLACK)[(len(colours) - 3) % 3]
    for axes, (title, series) in zip(panels, groups.items(), strict=False):
        if axes is panels[0]:
            _paper(axes, name)
        _ours_by_level(axes, series, colours)
        axes.set(xlabel="label corruption", ylabel=ylabel, xlim=(-0.03, 1.03))
        _finish(axes, title, nothing=axes is panels[0] and not series)
    _legend(figure, colours, panels)
    return figure


def _train_and_test(name: str, entries: FigureEntries, paper_title: str) -> Figure:
    """Two panels, training and test; at reduced scale two more for each dataset."""
    groups = _grouped(entries, paper_title)
    count = min(len(groups), 1 + MOST_PANELS // 2)
    figure = Figure(figsize=(WIDTH, 2.3 * count + 0.5), layout="constrained")
    rows = figure.subplots(count, 2, squeeze=False)
    colours = COLOURS[name]
    for row, (title, series) in zip(rows, groups.items(), strict=False):
        main = title == paper_title
        for axes, part in zip(row, ("train", "test"), strict=True):
            if main:
                _paper(axes, name, f"{part} ")
            of_part = [
                {**it, "curve": it["curve"].removeprefix(f"{part} ")}
                for it in series
                if it["curve"].startswith(f"{part} ")
            ]
            _ours(axes, of_part, colours, per=1_000 if main else 1)
            axes.set_xlabel("thousand steps" if main else "steps")
            axes.set_ylabel(f"{'training' if part == 'train' else 'test'} accuracy")
            # The paper's axes: in Figure 2b they begin at 0.6.
            axes.set_ylim(0.6 if name == "fig2b" and main else None, 1.02)
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_major_formatter("{x:,.0f}")
            _finish(axes, title, nothing=main and not of_part)
    _legend(figure, colours)
    return figure


def _panels(others: int) -> tuple[Figure, list[Axes]]:
    """A wide panel for the paper's curves, and small ones below, two in a row."""
    others = min(others, MOST_PANELS)
    rows = (others + 1) // 2
    figure = Figure(figsize=(WIDTH, 3.0 + 2.0 * rows), layout="constrained")
    grid = figure.add_gridspec(1 + rows, 2, height_ratios=[2.6, *[1.7] * rows])
    panels = [figure.add_subplot(grid[0, :])]
    panels += [figure.add_subplot(grid[1 + i // 2, i % 2]) for i in range(others)]
    return figure, panels


def _grouped(
    entries: FigureEntries, paper_title: str, by_network: bool = False
) -> dict[str, Series]:
    """The series of each panel by its title; the paper's panel comes first and may be empty."""
    groups: dict[str, Series] = {paper_title: []}
    order = [spec.paper_name for spec in MODELS.values()]

    def rank(it: dict[str, Any]) -> tuple[int, str, int]:
        known = it["network"] in order
        return -it["images"], it["dataset"], order.index(it["network"]) if known else len(order)

    for it in sorted(entries, key=rank):
        dataset = it["dataset"].removeprefix("scikit-learn's ")
        title = f"{dataset}, n = {it['images']:,}"
        if by_network:
            title = f"{it['network']}\n{title}"
        if it["paper"] and (not by_network or it["network"] == "Inception"):
            title = paper_title
        groups.setdefault(title, []).append(it)
    return groups


def _paper(axes: Axes, figure: str, prefix: str = "") -> None:
    for name in published_figure(figure)["curves"]:
        if name.startswith(prefix):
            curve = published_curve(figure, name)
            colour = COLOURS[figure][name.removeprefix(prefix)]
            axes.plot(curve.x, curve.y, "--", color=colour, lw=1.3, alpha=0.9)


def _ours(axes: Axes, series: Series, colours: dict[str, str], per: float = 1) -> None:
    """Runs against steps: the mean over the steps that all runs have, then each run alone."""
    for curve, colour in colours.items():
        runs = [([x / per for x in it["x"]], it["y"]) for it in series if it["curve"] == curve]
        if not runs:
            continue
        common = min(len(x) for x, _ in runs)
        heights = list(zip(*(y[:common] for _, y in runs), strict=True))
        if len(runs) > 1:
            _band(axes, runs[0][0][:common], heights, colour)
        means = [sum(ys) / len(ys) for ys in heights]
        axes.plot(runs[0][0][:common], means, color=colour, lw=1.9)
        for x, y in runs:
            axes.plot(x[common - 1 :], y[common - 1 :], color=colour, lw=0.9)


def _ours_by_level(axes: Axes, series: Series, colours: dict[str, str]) -> None:
    """The mean over runs at each level of corruption, one run a point of the series."""
    for curve, colour in colours.items():
        levels: dict[float, list[float]] = {}
        for it in series:
            if it["curve"] == curve:
                levels.setdefault(it["x"][0], []).append(it["y"][0])
        if levels:
            x = sorted(levels)
            _band(axes, x, [levels[level] for level in x], colour)
            means = [sum(levels[level]) / len(levels[level]) for level in x]
            axes.plot(x, means, color=colour, lw=1.9, marker="o", ms=4)


def _band(axes: Axes, x: list[float], heights: Sequence[Sequence[float]], colour: str) -> None:
    low, high = [min(ys) for ys in heights], [max(ys) for ys in heights]
    axes.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)


def _relative(entries: FigureEntries) -> Series:
    """Epochs over the mean epochs at true labels, for the curves that have such a run."""
    base: dict[tuple[Any, ...], list[float]] = {}
    for it in entries:
        if it["x"] == [0.0]:
            base.setdefault((it["curve"], it["dataset"], it["images"]), []).append(it["y"][0])
    relative = []
    for it in entries:
        if ours := base.get((it["curve"], it["dataset"], it["images"])):
            relative.append({**it, "y": [it["y"][0] * len(ours) / sum(ours)]})
    return relative


def _finish(axes: Axes, title: str, nothing: bool) -> None:
    """A title, light lines, and a note if the paper's panel has no run of ours."""
    axes.set_title(title, fontsize=8.8, loc="left")
    axes.grid(color=GREY, alpha=0.22, lw=0.6)
    axes.tick_params(labelsize=8.5, length=3)
    axes.xaxis.label.set_fontsize(9)
    axes.yaxis.label.set_fontsize(9)
    axes.spines[["top", "right"]].set_visible(False)
    if nothing:
        corner: dict[str, Any] = {"ha": "right", "va": "bottom", "transform": axes.transAxes}
        axes.text(0.99, 0.03, "ours: not run", fontsize=8.5, color=GREY, style="italic", **corner)


def _legend(figure: Figure, colours: dict[str, str], panels: Sequence[Axes] = ()) -> None:
    """Beside an odd number of small panels, or else below all panels."""
    entries = [Line2D([], [], color=colour, lw=2, label=name) for name, colour in colours.items()]
    entries.append(Line2D([], [], color=GREY, lw=1.3, ls="--", label="paper"))
    entries.append(Line2D([], [], color=GREY, lw=2, label="ours"))
    style = {"handles": entries, "frameon": False, "fontsize": 8.5}
    if len(panels) % 2 == 0 and panels:
        grid = panels[-1].get_subplotspec().get_gridspec()
        free = figure.add_subplot(grid[-1, 1])
        free.set_axis_off()
        free.legend(loc="center", ncols=1, **style)
    else:
        figure.legend(loc="outside lower center", ncols=3, **style)
