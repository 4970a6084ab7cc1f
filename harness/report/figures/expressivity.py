"""Figures of Section 4: interleaving and hinges, the fitted function, the cost of depth."""

from matplotlib.figure import Figure

from harness.report.figures.style import BLUE, GREEN, GREY, ORANGE, FigureEntries


def interleaving(entries: FigureEntries) -> Figure:
    """Hinges max(x - b_j, 0) over the interleaved breakpoints and points; the matrix beside."""
    points, breakpoints = entries[-1]["points"], entries[-1]["breakpoints"]
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    end = points[-1] + 0.4
    for number, start in enumerate(breakpoints, 1):
        left.plot([start, end], [0, end - start], color=BLUE, lw=1.2)
        left.annotate(
            f"$b_{number}$", (start, 0), (0, -14), textcoords="offset points", ha="center"
        )
    for number, point in enumerate(points, 1):
        left.axvline(point, color=GREY, lw=0.6, ls=":")
        left.annotate(
            f"$x_{number}$", (point, 0), (0, -28), textcoords="offset points", ha="center"
        )
        heights = [point - start for start in breakpoints if start < point]
        left.plot([point] * len(heights), heights, "o", color=ORANGE, ms=4)
    left.plot(breakpoints, [0] * len(breakpoints), "|", color=BLUE, ms=9)
    left.set(xticks=[], ylabel="max(x − b, 0)", title="hinges at the points")
    left.set_ylim(-1.3, end - breakpoints[0])  # Two rows of names.
    left.set_yticks(range(0, int(end - breakpoints[0]) + 1))
    matrix = [[max(x - b, 0) for b in breakpoints] for x in points]
    right.imshow(matrix, cmap="Blues")
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            dark = value > 0.55 * matrix[-1][0]
            colour = "white" if dark else ORANGE if i == j else "black"
            weight = "bold" if i == j else "normal"
            right.text(j, i, f"{value:.1f}", ha="center", va="center", color=colour, weight=weight)
    right.set(xticks=[], yticks=[], title="A = [max($x_i - b_j$, 0)]")
    return figure


def fitted_function(entries: FigureEntries) -> Figure:
    """Theorem 1's function through its points, for each position of the breakpoints."""
    by_placement = {data["placement"]: data for data in entries}
    figure = Figure(figsize=(7, 2.6 * len(by_placement)), layout="constrained")
    panels = figure.subplots(len(by_placement), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (placement, data) in zip(panels, sorted(by_placement.items()), strict=True):
        panel.plot(data["corners"], data["values"], color=BLUE, lw=1.4, label="network")
        panel.plot(data["points"], data["targets"], "o", color=ORANGE, label="targets")
        panel.plot(
            data["breakpoints"],
            [min(data["values"])] * len(data["breakpoints"]),
            "|",
            color=GREY,
            ms=10,
            label="breakpoints",
        )
        where = "just above the previous point" if placement == 0 else f"{placement:.0%} up the gap"
        panel.set(title=f"breakpoints {where}", ylabel="output")
    panels[-1].set_xlabel("position on the line, ⟨a, z⟩")
    panels[0].legend(loc="lower left", fontsize="small")
    return figure


def breakpoints_and_weights(entries: FigureEntries) -> Figure:
    """The norm of the weights against the position of the breakpoints, and two candidate bounds."""
    data = entries[-1]
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    share = data["placement"]
    axes.semilogy(share, data["norm"], color=BLUE, lw=2, label="norm of w")
    axes.semilogy(
        share, data["singular value bound"], color=GREEN, ls="--", label="|y| / singular value"
    )
    axes.semilogy(share, data["eigenvalue bound"], color=ORANGE, ls=":", label="|y| / eigenvalue")
    axes.set(
        xlabel="position of the breakpoint, share of the gap",
        ylabel="norm",
        title=f"n = {data['n']}, unit gaps, alternating targets",
    )
    axes.legend(fontsize="small")
    return figure


def depth_and_width(entries: FigureEntries) -> Figure:
    """Width and non-zero weights against depth, for both constructions of Corollary 1."""
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    styles = {"multiplexer": (BLUE, "o-"), "running sum": (ORANGE, "s--")}
    for data in entries:
        colour, style = styles[data["construction"]]
        left.loglog(data["depth"], data["width"], style, color=colour, ms=4)
        right.semilogx(
            data["depth"], data["weights"], style, color=colour, ms=4, label=data["construction"]
        )
    n, d = entries[-1]["n"], entries[-1]["d"]
    depths = entries[-1]["depth"]
    left.loglog(depths, [n / k for k in depths], ":", color=GREY, label="n / k")
    right.axhline(2 * n + d, ls=":", color=GREY, label="2n + d (Theorem 1)")
    left.set(xlabel="depth k", ylabel="width", title=f"n = {n:,}, d = {d}")
    right.set(xlabel="depth k", ylabel="non-zero weights", ylim=(0, None))
    left.legend(fontsize="small")
    right.legend(fontsize="small")
    return figure
