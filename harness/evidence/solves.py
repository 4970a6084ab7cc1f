"""Measurements on solves of linear models: test errors, and comparisons on the same images."""

import math
from collections.abc import Sequence
from typing import Any

from harness.errors import HarnessError
from harness.evidence.measurement import Measurement, accuracies, measure
from harness.evidence.statistics import paired_difference_interval, paired_ratio_interval
from harness.runs.run import Solve


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
    """Test errors over the references', summed over solves, paired by test image.

    Test images are resampled, each with its errors in all solves.
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
    ours, theirs = _pairs(name, wrong, reference)
    return measure(
        name,
        [sum(ours) / sum(theirs) if sum(theirs) else math.inf],
        "times",
        paired_ratio_interval(ours, theirs),
        "test images, paired",
        solves,
        images=len(ours),
        note=f"{sum(ours):,} errors against {sum(theirs):,} in {len(wrong)} x {len(ours):,} images",
        **facts,
    )


def gain(
    name: str, wrong: Sequence[Sequence[bool]], better: Sequence[Sequence[bool]]
) -> Measurement:
    """By how much the test error falls from one list of models to the other, paired by image."""
    ours, theirs = _pairs(name, wrong, better)
    models = len(wrong)
    low, high = paired_difference_interval(ours, theirs)
    value, interval = (sum(ours) - sum(theirs)) / len(ours) / models, (low / models, high / models)
    return measure(name, [value], "share", interval, "test images, paired", ())


def _wrong(solves: Sequence[Solve], label: str) -> list[list[bool]]:
    return [[not right for right in solve.outcome[label].is_right()] for solve in solves]


def _pairs(
    name: str, one: Sequence[Sequence[bool]], other: Sequence[Sequence[bool]]
) -> tuple[list[int], list[int]]:
    """For each test image, how many models of each list get it wrong."""
    sizes = [[len(row) for row in rows] for rows in (one, other)]
    if not one or sizes[0] != sizes[1] or len(set(sizes[0])) > 1:
        raise HarnessError(
            f"{name}: models tried on {sizes[0]} test images against {sizes[1]}; a paired"
            " comparison needs as many models, and the same images"
        )
    return [sum(it) for it in zip(*one, strict=True)], [sum(it) for it in zip(*other, strict=True)]
