"""Quantities, bounds and records as people read them: accuracies in percent, counts with commas."""

import math
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from harness.evidence.record import Evidence, RunRecord

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


def measured(record: Evidence) -> str:
    """The mean of the values; "diverged" or "never" where a run has none."""
    if record.verdict == "not run":
        return ""
    if record.unit == "counterexamples":
        return "found" if any(record.values) else "none found"
    finite = [value for value in record.values if value is not None]
    if len(finite) < len(record.values):
        return "diverged" if record.unit == "share" else "never"
    return quantity(sum(finite) / len(finite), record.unit) if finite else "none"


def published(record: Evidence) -> str:
    """The published number, or nothing."""
    return quantity(record.published, record.unit) if record.published is not None else ""


def interval(record: Evidence) -> str:
    """Both ends; nothing for a measurement without an interval."""
    if not record.interval or None in record.interval or len(set(record.interval)) == 1:
        return ""
    low, high = (quantity(end, record.unit).removesuffix(" %") for end in record.interval)
    return f"{low} to {high}"


def values(record: Evidence) -> str:
    """The value of each run, if there are several and they differ."""
    if len(record.values) < 2 or len(set(record.values)) == 1:
        return ""
    shown = [quantity(value, record.unit) for value in record.values[:12]]
    more = f" and {len(record.values) - 12} more" if len(record.values) > 12 else ""
    return ", ".join(shown) + more


def bound(record: Evidence) -> str:
    """The check's bound, or nothing for a test that ended before it judged."""
    return bound_in_words(record.bound, record.unit) if record.bound else ""


def notices(record: Evidence) -> str:
    """What the check would notice, or nothing where no chance is in it."""
    return would_notice(record.bound, record.resolution, record.unit) if record.bound else ""


def false_alarm(record: Evidence) -> str:
    """The check's false-alarm rate in words, or nothing."""
    if record.false_alarm is None:
        return ""
    if record.bound["kind"] == "proved_at_most":
        return "none, by proof"
    if record.false_alarm < 1e-12:
        return "below 1 in 10^12"
    digits = math.floor(math.log10(1 / record.false_alarm))
    if digits >= 4:
        return f"about 1 in 10^{digits}"
    return f"about 1 in {round(1 / record.false_alarm):,}"


def figure(name: str, value: float | None) -> str:
    """A run's final figure."""
    if value is None:
        return "none (diverged)"
    is_share = "accuracy" in name or "error" in name
    return quantity(value, "share" if is_share else "")


def setting(value: object) -> str:
    """An entry of a recipe."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def slug(text: str) -> str:
    """A verdict as a class of the style sheet."""
    return text.lower().replace(" ", "-")


def spark(run: RunRecord, name: str, width: int, height: int) -> str:
    """A curve as some 60 points of an SVG polyline; the top is 1 or the curve's largest value."""
    pairs = zip(run.curve.get("step", []), run.curve.get(name, []), strict=True)
    points = [(x, y) for x, y in pairs if x is not None and y is not None]
    if len(points) < 2:
        return ""
    points = [*points[: -1 : -(-len(points) // 60)], points[-1]]
    first, last = points[0][0], points[-1][0]
    top = max(1.0, *(y for _, y in points))
    return " ".join(
        f"{(x - first) / (last - first or 1) * width:.1f},{(1 - max(y, 0) / top) * height:.1f}"
        for x, y in points
    )


LONG = 220
"""Characters beyond which a note is folded."""


def brief(note: str) -> tuple[str, str]:
    """A long note's first clause, and the rest; a short note, and nothing."""
    head, _, rest = note.partition("; ")
    return (head, rest) if len(note) > LONG and rest else (note, "")


def command(line: str) -> str:
    """A shell command as markup that breaks between words, or in a long one after /, :: or _."""
    broken = (re.sub(r"(::|[/_])(?=.)", r"\1<wbr>", str(escape(word))) for word in line.split(" "))
    return Markup(" ").join(Markup(f"<span>{word}</span>") for word in broken)
