"""Quantities as people read them: accuracies as percentages, counts with separators."""

import math

from harness.evidence.checks import Check


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit's formatting; accuracies ("share") become percentages."""
    if value is None or not math.isfinite(value):
        return "never" if value == math.inf else "none"
    if unit == "share":
        return f"{100 * value:.2f} %"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def bound_in_words(check: Check, unit: str) -> str:
    """The check's own wording, with accuracies as percentages and counts with separators."""
    return " ".join(_in_unit(word, unit) for word in str(check).split())


def _in_unit(word: str, unit: str) -> str:
    if unit == "share":
        return quantity(float(word), unit) if _is_number(word) else word
    return f"{int(word):,}" if word.isdecimal() else word


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
