"""Measurements on solves of linear models: test errors, and comparisons on the same images."""

from collections.abc import Sequence
from typing import Any

from harness.evidence.measurement import Measurement, accuracies, measure
from harness.evidence.statistics import paired_ratio
from harness.runs.run import Solve

IMAGES = "test images, paired"


def share_of_errors(name: str, solves: Sequence[Solve], label: str) -> Measurement:
    """The share of test images that a fit gets wrong, over solves of several seeds or one."""
    fits = [solve.outcome[label] for solve in solves]
    counts = [(fit.test_total - fit.test_correct, fit.test_total) for fit in fits]
    replicated = "test images of one solve"
    return accuracies(name, solves, counts, replicated, column="test_error", fits=(label,))


def error_on_the_same_images(name: str, solve: Solve, label: str) -> Measurement:
    """The test error on the images of the published one: nothing is sampled."""
    fit = solve.outcome[label]
    span = (fit.test_error, fit.test_error)
    replicated = f"nothing: the paper's own {fit.test_total:,} test images"
    facts = {"column": "test_error", "fits": (label,)}
    return measure(name, span[:1], "share", span, replicated, [solve], **facts)


def error_ratio(
    name: str,
    solves: Sequence[Solve],
    label: str,
    references: Sequence[Solve],
    its_label: str,
) -> Measurement:
    """Test errors over the references', summed over solves, paired by solve and test image.

    Drawn are the solves' training samples and the test images; see `crossed_variance`.
    """
    wrong, others = _wrong(solves, label), _wrong(references, its_label)
    facts = {"column": "test_error", "fits": (label, its_label)}
    return wrong_ratio(name, wrong, others, [*solves, *references], **facts)


def wrong_ratio(
    name: str,
    wrong: Sequence[Sequence[bool]],
    reference: Sequence[Sequence[bool]],
    solves: Sequence[Solve] = (),
    **facts: Any,
) -> Measurement:
    """As `error_ratio`, from one list a model: whether each test image is classified wrongly."""
    ours, theirs = (sum(map(sum, its)) for its in (wrong, reference))
    ratio, interval, freedom = paired_ratio(wrong, reference)
    images = len(wrong[0])
    return measure(
        name,
        [ratio],
        "times",
        interval,
        f"{len(wrong)} training draws and test images, paired" if len(wrong) > 1 else IMAGES,
        solves,
        note=f"{ours:,} errors against {theirs:,} in {len(wrong)} x {images:,} images",
        freedom=freedom,
        **facts,
    )


def _wrong(solves: Sequence[Solve], label: str) -> list[list[bool]]:
    return [[not right for right in solve.outcome[label].is_right()] for solve in solves]
