"""Numbers read off the published figures: curves, crossings, roughness, the paper's own spread.

>>> published_crossing("fig1a", "random labels", below=0.01).value
14467.0
>>> published_at("fig1b", "Inception", 1.0).value
3.6
"""

from dataclasses import dataclass
from typing import Any

from harness.evidence.published import Published, numbers_of_the_paper
from harness.evidence.regularization import roughness_of

UNITS = {
    "epochs to fit / epochs to fit at corruption 0": "times",
    "test error": "share",
    "accuracy": "share",
}
"""The unit that a test gets, by the unit of a figure's vertical axis."""
AXES = {"thousand steps": ("steps", 1000), "label corruption": ("share", 1)}
"""By horizontal axis: the unit of a crossing, and how many of these one drawn unit has."""

FIGURE_1 = {"Inception": "Inception", "AlexNet": "Alexnet", "MLP 1x512": "MLP 1x512"}
FIGURE_2B = {"Inception": "Inception", "Inception w/o BN": "Inception w/o BatchNorm"}
"""Networks of Figures 1b and 1c, and of Figure 2b, and what Table 1 calls them."""
DRAWN = 0.001
"""As a digit: figures are read to about this."""


@dataclass(frozen=True)
class PublishedCurve:
    """One published curve, as drawn: points (x[i], y[i]) with x ascending, in the axes' units."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    x_unit: str
    y_unit: str
    where: str
    rows: tuple[dict[str, Any], ...]
    """The entries of a row of Table 1 that the curve stands for, in Figures 1 and 2b."""

    def number(self, value: float, what: str, unit: str, digit: float = 0.0) -> Published:
        """What is read off it, with its source."""
        return Published(value, f"{self.where}, {what}", unit, rows=self.rows, digit=digit)


def published_figure(figure: str) -> dict[str, Any]:
    """All that fixtures/paper holds of Figure 1a, 1b, 1c, 2a or 2b ("fig1a" ...)."""
    return numbers_of_the_paper("figures.json")[figure]


def published_curve(figure: str, curve: str) -> PublishedCurve:
    """Return a curve of Figure 1a, 1b, 1c, 2a or 2b, in the units of its axes.

    Accuracies, errors and corruption levels are shares in [0, 1]; steps are in thousands.
    """
    drawn = published_figure(figure)
    x, y = zip(*drawn["curves"][curve], strict=True)
    where = f"Figure {figure.removeprefix('fig')}, {curve}"
    return PublishedCurve(x, y, drawn["x"], drawn["y"], where, _rows_of(figure, curve))


def _rows_of(figure: str, curve: str) -> tuple[dict[str, Any], ...]:
    if figure == "fig1a":
        return ({"model": "Inception", "labels": curve.removesuffix(" labels")},)
    names = {"fig1b": FIGURE_1, "fig1c": FIGURE_1, "fig2b": FIGURE_2B}.get(figure, {})
    name = curve.removeprefix("test ").removeprefix("train ")
    return ({"model": names[name]},) if name in names else ()


def published_crossing(figure: str, curve: str, below: float) -> Published:
    """Return the first drawn x at which a curve is below a level, in steps or as a share.

    No interpolation: Figure 1a has one point an epoch, so its crossings are late by up to 391
    steps. Raises StopIteration where the curve is never below the level.
    """
    drawn = published_curve(figure, curve)
    unit, factor = AXES[drawn.x_unit]
    first = next(x for x, y in zip(drawn.x, drawn.y, strict=True) if y < below)
    # Rounded because 16.031 * 1000 is not the float 16031.
    return drawn.number(round(first * factor, 4), f"first below {below:g}", unit)


def published_at(figure: str, curve: str, x: float) -> Published:
    """The drawn value of a curve at ``x``; raises KeyError where it has no point there."""
    drawn = published_curve(figure, curve)
    values = {round(it, 9): value for it, value in zip(drawn.x, drawn.y, strict=True)}
    unit = UNITS.get(drawn.y_unit, drawn.y_unit)
    return drawn.number(values[round(x, 9)], f"at {x:g}", unit, digit=DRAWN)


def published_epochs(curve: str) -> dict[float, int]:
    """Figure 1b in whole epochs, by level of corruption.

    The figure divides by the epochs at level 0: the smallest number for which all values of a curve
    are whole epochs.
    """
    drawn, at_0 = published_curve("fig1b", curve), published_figure("fig1b")["epochs_at_0"][curve]
    return {level: round(at_0 * ratio) for level, ratio in zip(drawn.x, drawn.y, strict=True)}


def published_epochs_at(curve: str, level: float) -> Published:
    """One of `published_epochs`, with its source."""
    epochs = published_epochs(curve)[level]
    return published_curve("fig1b", curve).number(epochs, f"at {level:g}, in epochs", "epochs")


def unevenness(curve: str) -> Published:
    """How far a curve of Figure 1b is from even, in epochs: its largest second difference.

    Its points are single runs, so that no repetition can be asked to come closer.
    """
    y = list(published_epochs(curve).values())
    bends = [abs(a - 2 * b + c) for a, b, c in zip(y, y[1:], y[2:], strict=False)]
    where = f"the largest second difference of Figure 1b, {curve}: single runs"
    return Published(max(bends), where, "epochs")


def published_roughness(curve: str) -> Published:
    """The roughness of a test curve of Figure 2b, as `roughness_of` measures ours."""
    drawn = published_curve("fig2b", curve)
    return drawn.number(round(roughness_of(drawn.y), 6), "roughness", "share")


def published_gain_of_early_stopping(curve: str) -> Published:
    """Highest minus last test accuracy of a curve of Figure 2b."""
    drawn = published_curve("fig2b", curve)
    return drawn.number(round(max(drawn.y) - drawn.y[-1], 6), "highest minus last", "share")
