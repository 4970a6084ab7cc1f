"""Numbers read off the published figures: a curve at one place, its roughness, the paper's spread.

>>> published_at("fig1b", "Inception", 1.0).value
3.6
"""

from harness.errors import HarnessError
from harness.evidence.published import (
    FIGURE_1,
    FIGURE_2B,
    Published,
    published_curve,
    published_figure,
    published_row,
    rows_of,
)
from harness.evidence.regularization import roughness_of
from harness.evidence.statistics import clopper_pearson

UNITS = {
    "epochs to fit / epochs to fit at corruption 0": "times",
    "test error": "share",
    "accuracy": "share",
}
"""The unit that a test gets, by the unit of a figure's vertical axis."""

IN_FIGURE_1C = {name: drawn for drawn, name in FIGURE_1.items()}
IN_FIGURE_2B = {name: f"test {drawn}" for drawn, name in FIGURE_2B.items()}
"""Networks of Table 1 whose accuracy on true labels a figure has, too, and what it calls them."""
TEST_IMAGES = 10_000


def published_at(figure: str, curve: str, x: float) -> Published:
    """The drawn value of a curve at ``x``; raises HarnessError where it has no point there."""
    drawn = published_curve(figure, curve)
    for place, value in zip(drawn.x, drawn.y, strict=True):
        if abs(place - x) < 1e-9:
            unit = UNITS.get(drawn.y_unit, drawn.y_unit)
            return Published(value, f"{drawn.where}, at {x:g}", unit, rows=rows_of(figure, curve))
    raise HarnessError(
        f"{drawn.where}: it has no point at {x:g}; its points are"
        f" {', '.join(f'{place:g}' for place in drawn.x)}"
    )


def published_epochs(curve: str) -> dict[float, int]:
    """Figure 1b in whole epochs, by level of corruption.

    The figure divides by the epochs at level 0; they are the smallest number for which all of a
    curve's ordinates are whole epochs. Raises UnknownName as `published_curve` does.
    """
    drawn, at_0 = published_curve("fig1b", curve), published_figure("fig1b")["epochs_at_0"][curve]
    return {level: round(at_0 * ratio) for level, ratio in zip(drawn.x, drawn.y, strict=True)}


def published_roughness(curve: str) -> Published:
    """The roughness of a test curve of Figure 2b, as `roughness_of` measures ours."""
    drawn = published_curve("fig2b", curve)
    rough = round(roughness_of(drawn.y), 6)
    return Published(rough, f"{drawn.where}, roughness", "share", rows=rows_of("fig2b", curve))


def published_gain_of_early_stopping(curve: str) -> Published:
    """Highest minus last test accuracy of a curve of Figure 2b."""
    drawn = published_curve("fig2b", curve)
    gain = round(max(drawn.y) - drawn.y[-1], 6)
    where = f"{drawn.where}, highest minus last"
    return Published(gain, where, "share", rows=rows_of("fig2b", curve))


def published_disagreement(model: str) -> Published:
    """How far the paper's own numbers for a network are apart: true labels, no regulariser.

    Table 1, Figure 1c and the end of Figure 2b. Where it gives only one, or two that agree by
    chance, the Inception's, for which it gives three: no network can be steadier than the best
    measured one.
    """
    spreads = [_spread(name) for name in dict.fromkeys([model, "Inception"])]
    return max(spreads, key=lambda it: it.value)


def published_tolerance(model: str, accuracy: Published) -> Published:
    """How far a faithful repetition may be from a published test accuracy.

    `published_disagreement` plus half the width of the published number's own interval: it was
    counted on 10,000 images.
    """
    low, high = clopper_pearson(round(accuracy.value * TEST_IMAGES), TEST_IMAGES)
    spread = published_disagreement(model)
    value = round(spread.value + (high - low) / 2, 6)
    return Published(value, f"{spread.where}, and sampling of {TEST_IMAGES:,} images", "share")


def _spread(model: str) -> Published:
    row = published_row(
        "table1_cifar10",
        "test",
        model=model,
        labels="true",
        random_crop=False,
        weight_decay=False,
    )
    accuracies, places = [row.value], ["Table 1"]
    if model in IN_FIGURE_1C:
        accuracies.append(1 - published_at("fig1c", IN_FIGURE_1C[model], 0.0).value)
        places.append("Figure 1c")
    if model in IN_FIGURE_2B:
        accuracies.append(published_curve("fig2b", IN_FIGURE_2B[model]).y[-1])
        places.append("Figure 2b")
    spread = round(max(accuracies) - min(accuracies), 6)
    return Published(spread, f"how far {', '.join(places)} are apart for {model}", "share")
