"""Numbers read off the published figures: a curve at one place, its roughness, the paper's spread.

>>> published_at("fig1b", "Inception", 1.0).value
3.6
"""

from harness.errors import HarnessError
from harness.evidence.published import Published, published_curve, published_row
from harness.evidence.regularization import roughness_of

UNITS = {
    "epochs to fit / epochs to fit at corruption 0": "times",
    "test error": "share",
    "accuracy": "share",
}
"""The unit that a test gets, by the unit of a figure's vertical axis."""

IN_FIGURES = {"Inception": "Inception", "Alexnet": "AlexNet", "MLP 1x512": "MLP 1x512"}
"""Networks of Table 1 whose clean accuracy Figure 1c has, too, and what it calls them."""


def published_at(figure: str, curve: str, x: float) -> Published:
    """The drawn value of a curve at ``x``; raises HarnessError where it has no point there."""
    drawn = published_curve(figure, curve)
    for place, value in zip(drawn.x, drawn.y, strict=True):
        if abs(place - x) < 1e-9:
            unit = UNITS.get(drawn.y_unit, drawn.y_unit)
            return Published(value, f"{drawn.where}, at {x:g}", unit)
    raise HarnessError(
        f"{drawn.where}: it has no point at {x:g}; its points are"
        f" {', '.join(f'{place:g}' for place in drawn.x)}"
    )


def published_roughness(curve: str) -> Published:
    """The roughness of a test curve of Figure 2b, as `roughness_of` measures ours."""
    drawn = published_curve("fig2b", curve)
    return Published(round(roughness_of(drawn.y), 6), f"{drawn.where}, roughness", "share")


def published_gain_of_early_stopping(curve: str) -> Published:
    """Highest minus last test accuracy of a curve of Figure 2b."""
    drawn = published_curve("fig2b", curve)
    gain = round(max(drawn.y) - drawn.y[-1], 6)
    return Published(gain, f"{drawn.where}, highest minus last", "share")


def published_disagreement() -> Published:
    """The largest difference between Table 1 and Figure 1c in the same network's test accuracy.

    True labels, no regulariser. A tolerance below it claims what the paper never had.
    """
    differences = []
    for model, curve in IN_FIGURES.items():
        row = published_row(
            "table1_cifar10",
            "test",
            model=model,
            labels="true",
            random_crop=False,
            weight_decay=False,
        )
        drawn = published_at("fig1c", curve, 0.0)
        difference = round(abs(row.value - (1 - drawn.value)), 6)
        where = f"how far Table 1 and Figure 1c are apart for {model}"
        differences.append(Published(difference, where, "share"))
    return max(differences, key=lambda it: it.value)
