"""Measurements on solves of linear models: test errors, and comparisons on the same images."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.evidence.measurement import Measurement, provenance
from harness.evidence.statistics import (
    accuracy_interval,
    paired_difference_interval,
    paired_ratio_interval,
)

if TYPE_CHECKING:
    from harness.runs.run import Solve


def share_of_errors(name: str, solves: Sequence["Solve"], label: str) -> Measurement:
    """The share of test images that a fit gets wrong, over solves of several seeds or one."""
    fits = [solve.outcome[label] for solve in solves]
    wrong = [fit.test_total - fit.test_correct for fit in fits]
    return Measurement(
        name,
        tuple(fit.test_error for fit in fits),
        "share",
        accuracy_interval(wrong, [fit.test_total for fit in fits]),
        "test images of one solve" if len(fits) == 1 else "solves: seeds, images, label draws",
        images=fits[0].test_total,
        column="test_error",
        fits=(label,),
        **provenance(solves),
    )


def error_on_the_same_images(name: str, solve: "Solve", label: str) -> Measurement:
    """The test error on the images of the published one: nothing is sampled."""
    fit = solve.outcome[label]
    return Measurement(
        name,
        (fit.test_error,),
        "share",
        (fit.test_error, fit.test_error),
        f"nothing: the paper's own {fit.test_total:,} test images",
        column="test_error",
        fits=(label,),
        **provenance([solve]),
    )


def error_ratio(
    name: str,
    solves: Sequence["Solve"],
    label: str,
    references: Sequence["Solve"],
    its_label: str,
) -> Measurement:
    """Test errors over the references', summed over solves, paired by test image.

    Test images are resampled, each with its errors in all solves.
    """
    measured = wrong_ratio(name, _wrong(solves, label), _wrong(references, its_label))
    facts = provenance([*solves, *references])
    return replace(measured, column="test_error", fits=(label, its_label), **facts)


def wrong_ratio(
    name: str, wrong: Sequence[Sequence[bool]], reference: Sequence[Sequence[bool]]
) -> Measurement:
    """As `error_ratio`, from one list a model: whether each test image is classified wrongly."""
    ours, theirs = _pairs(name, wrong, reference)
    return Measurement(
        name,
        (sum(ours) / sum(theirs) if sum(theirs) else float("inf"),),
        "times",
        paired_ratio_interval(ours, theirs),
        "test images, paired",
        images=len(ours),
        note=f"{sum(ours):,} errors against {sum(theirs):,} in {len(wrong)} x {len(ours):,} images",
    )


def gain(
    name: str, wrong: Sequence[Sequence[bool]], better: Sequence[Sequence[bool]]
) -> Measurement:
    """By how much the test error falls from one list of models to the other, paired by image."""
    ours, theirs = _pairs(name, wrong, better)
    models = len(wrong)
    low, high = paired_difference_interval(ours, theirs)
    return Measurement(
        name,
        ((sum(ours) - sum(theirs)) / len(ours) / models,),
        "share",
        (low / models, high / models),
        "test images, paired",
    )


def _wrong(solves: Sequence["Solve"], label: str) -> list[list[bool]]:
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
