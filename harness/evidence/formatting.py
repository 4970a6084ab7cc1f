"""Quantities and bounds as people read them: accuracies as percentages, counts with separators."""

import math
from collections.abc import Mapping
from typing import Any

BOUNDS = {
    "attains": "attains {value} in every run",
    "requires": "attains {value} in every run, as the claim requires",
    "at_least": "at least {value}",
    "more_than": "more than {value}",
    "at_most": "at most {value}",
    "proved_at_most": "at most {value}, as is proved",
    "equivalent": "within {margin} of {value}",
    "equals": "equals {value}",
    "in_words": "{words}",
}
"""By the kind of a check; see `harness.evidence.checks`."""


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit's formatting; accuracies ("share") become percentages."""
    if value is None or not math.isfinite(value):
        return "never" if value == math.inf else "none"
    if unit == "share":
        return f"{100 * value:.2f} %"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def bound_in_words(bound: Mapping[str, Any], unit: str) -> str:
    """A check's `as_dict` in words, its numbers in the measurement's unit."""
    words = BOUNDS[bound["kind"]]
    if bound.get("tolerance"):
        words += " to {tolerance}"
    numbers = {name: _exact(it, unit) for name, it in bound.items() if name != "kind"}
    return words.format(**numbers)


def would_notice(bound: Mapping[str, Any], resolution: float | None, unit: str) -> str:
    """The nearest value that the check refutes in 19 of 20 repetitions; see `resolution`."""
    if resolution is None or "value" not in bound:
        return ""
    value = bound["value"]
    if bound["kind"] in ("attains", "requires") and value == 1:
        return "1 image"
    above = bound["kind"] in ("at_most", "proved_at_most", "equivalent", "equals")
    if above and unit == "share" and value <= 1 < value + resolution:
        above = False
    return quantity(value + resolution if above else value - resolution, unit)


def _exact(value: float | str, unit: str) -> str:
    """A bound's number, to more digits than a measured one: a count to its last, others to six."""
    if isinstance(value, str):  # Evidence of an earlier format.
        return value
    if unit == "share":
        return quantity(value, unit)
    return f"{int(value):,}" if value == int(value) else f"{value:,.6g}"
