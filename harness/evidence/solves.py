"""Measurements on solves of linear models: test errors, and comparisons on the same images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.evidence.measurement import Measurement
from harness.evidence.statistics import clopper_pearson, paired_ratio_interval

if TYPE_CHECKING:
    from harness.runs.solve import Solve


def share_of_errors(name: str, solve: "Solve", label: str) -> Measurement:
    """The share of test images that a fit gets wrong; replicated are the images."""
    fit = solve.outcome[label]
    wrong = fit.test_total - fit.test_correct
    return Measurement(
        name,
        (fit.test_error,),
        "share",
        clopper_pearson(wrong, fit.test_total),
        "test images of one solve",
        (solve.key,),
        solve.seconds,
        fit.test_total,
    )


def error_on_the_same_images(name: str, solve: "Solve", label: str) -> Measurement:
    """The test error on the very images on which the published one was counted: no sampling."""
    fit = solve.outcome[label]
    span = (fit.test_error, fit.test_error)
    nothing = f"nothing: the paper's own {fit.test_total:,} test images"
    return Measurement(name, (fit.test_error,), "share", span, nothing, (solve.key,), solve.seconds)


def error_ratio(
    name: str, solve: "Solve", label: str, reference: "Solve", its_label: str
) -> Measurement:
    """Test error over the reference's, both on the same images, with a paired interval."""
    fit, other = solve.outcome[label], reference.outcome[its_label]
    if fit.test_total != other.test_total:
        raise HarnessError(
            f"{name}: {fit.test_total:,} test images against {other.test_total:,}; a paired"
            " comparison needs the same ones"
        )
    wrong = [not right for right in fit.is_right()]
    its_wrong = [not right for right in other.is_right()]
    low, high = paired_ratio_interval(wrong, its_wrong)
    errors = sum(wrong), sum(its_wrong)
    ratio = errors[0] / errors[1] if errors[1] else float("nan")
    return Measurement(
        name,
        (ratio,),
        "times",
        (low, high),
        "test images, paired",
        tuple(dict.fromkeys([solve.key, reference.key])),
        sum({solve.key: solve.seconds, reference.key: reference.seconds}.values()),
        fit.test_total,
    )


def figure_of(
    name: str, values: Sequence[float], unit: str, solves: Sequence["Solve"]
) -> Measurement:
    """A figure without chance of some solves: a norm, a number of bytes, a ratio of them."""
    values = tuple(float(value) for value in values)
    keys = {solve.key: solve.seconds for solve in solves}
    span = (min(values), max(values)) if values else (float("nan"), float("nan"))
    return Measurement(name, values, unit, span, "nothing: exact", tuple(keys), sum(keys.values()))
