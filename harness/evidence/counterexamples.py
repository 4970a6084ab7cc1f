"""Property tests as measurements: counterexamples to a universal claim, and extreme values.

The session's profile and seed say how many examples hypothesis draws, and which.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from harness.evidence.measurement import Measurement

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Sample = TypeVar("Sample")
LONGEST = 300


def extreme(
    name: str,
    samples: "SearchStrategy[Sample]",
    measure: Callable[[Sample], float],
    unit: str = "",
    which: Callable[[list[tuple[float, str]]], tuple[float, str]] = max,
) -> Measurement:
    """The largest value over the examples that hypothesis draws; with ``which=min``, the smallest.

    Hypothesis gets each value, and looks for larger ones. A value that is not a number counts as
    infinite. The note says how many examples there were, and which gave the two ends.
    """
    from hypothesis import given, target

    seen: list[tuple[float, str]] = []

    @given(samples)
    def examine(example: Sample) -> None:
        value = float(measure(example))
        value = math.inf if math.isnan(value) else value
        seen.append((value, repr(example)))
        if math.isfinite(value):
            target(value)

    examine()
    (largest, top), (smallest, bottom), (value, _) = max(seen), min(seen), which(seen)
    note = f"over {len(seen)} examples; largest, {largest:.3g}, at {top}"
    if smallest != largest:
        note += f"; smallest, {smallest:.3g}, at {bottom}"
    worst = "nothing: the worst of all examples"
    return Measurement(name, (value,), unit, (value, value), worst, note=note)


def find_counterexample(
    name: str,
    holds: Callable[[Sample], bool],
    samples: "SearchStrategy[Sample]",
    smallest: bool = True,
) -> Measurement:
    """Measure the counterexamples found among the samples that hypothesis draws: 0, or 1.

    The note has the counterexample, shrunk unless ``smallest`` is False, as controls do not need
    that. An exception in ``holds`` is an error, and no counterexample. There is no interval:
    finding none among so many samples proves nothing about the rest.
    """
    from hypothesis import Phase, find, settings
    from hypothesis.errors import NoSuchExample

    phases = [Phase.generate, *[Phase.shrink] * smallest]
    tried = 0

    def breaks(sample: Sample) -> bool:
        nonlocal tried
        tried += 1
        return not holds(sample)

    try:
        options = settings(database=None, deadline=None, phases=phases)
        counterexample = find(samples, breaks, settings=options)
        found, note = 1.0, f"counterexample: {_short(repr(counterexample))}"
    except NoSuchExample:
        found, note = 0.0, ""
    return Measurement(
        f"{name}: counterexamples",
        (found,),
        "counterexamples",
        (found, found),
        f"nothing: {tried} samples were drawn",
        note=note,
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
