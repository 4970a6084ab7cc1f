"""Hypothesis looks for a counterexample to a universal claim, and shrinks it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from harness.evidence.measurement import Measurement

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Sample = TypeVar("Sample")
LONGEST = 300


def find_counterexample(
    name: str,
    holds: Callable[[Sample], bool],
    samples: "SearchStrategy[Sample]",
    smallest: bool = True,
) -> Measurement:
    """Measure the counterexamples found among the samples that hypothesis draws: 0, or 1.

    The session's profile and seed say how many samples, and which. The measurement's note has the
    counterexample, shrunk unless ``smallest`` is False, as controls do not need that. An exception
    in ``holds`` is an error, and no counterexample. There is no interval: finding none among so
    many samples proves nothing about the rest.
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
