"""Measurements of Table 2: top-5 accuracies, and sums of several runs' test accuracies."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from harness.data.catalogue import dataset_spec
from harness.errors import HarnessError
from harness.evidence.measurement import NOWHERE, Measurement, provenance, remarks
from harness.evidence.published import Published, published_curve, published_row
from harness.evidence.statistics import accuracy_interval, clopper_pearson

if TYPE_CHECKING:
    from harness.runs.run import Run

TABLE = "table2_imagenet_inception_v3"
Counts = tuple[int, int]
"""Test images classified correctly, of how many."""


def table2(field: str, labels: str, switches: Sequence[str]) -> Published:
    """A cell of Table 2 by what is switched on: any of augmentation, dropout, weight decay."""
    on = {
        "aug": "augmentation" in switches,
        "dropout": "dropout" in switches,
        "weight_decay": "weight-decay" in switches,
    }
    return published_row(TABLE, field, labels=labels, **on)


def disagreement() -> Published:
    """How far Table 2 and Figure 2a are apart for one number, top-1 train with weight decay alone.

    A tolerance below it claims what the paper never had.
    """
    cell = table2("top1_train", "true", ["weight-decay"])
    drawn = published_curve("fig2a", "train wd only").y[-1]
    where = "how far Table 2 and Figure 2a are apart in the training accuracy with weight decay"
    return Published(round(drawn - cell.value, 6), where, "share")


def less_disagreement(published: Published) -> tuple[float, str]:
    """A bound below a published accuracy, and its source: the number less `disagreement`."""
    return (
        max(0.0, published.value - disagreement().value),
        f"{published.where}, less {disagreement().where}",
    )


def top5_accuracy(name: str, runs: Sequence["Run"], part: Literal["train", "test"]) -> Measurement:
    """Final shares of images whose label is among the five likeliest classes."""
    if not runs:
        raise HarnessError(f"{name}: nothing was measured (no runs)")
    correct = [getattr(run.outcome, f"{part}_among_five") for run in runs]
    total = [getattr(run.outcome, f"{part}_total") for run in runs]
    return Measurement(
        name,
        tuple(getattr(run.outcome, f"{part}_top5") for run in runs),
        "share",
        NOWHERE if any(run.diverged for run in runs) else accuracy_interval(correct, total),
        "images within a run" if len(runs) == 1 else "runs: seeds, images, label draws",
        *provenance(runs),
        images=min(total),
        column=f"top5_{part}",
        **remarks(runs),
    )


def last_counts(run: "Run") -> Counts:
    """The run's final top-1 test accuracy."""
    return run.outcome.test_correct, run.outcome.test_total


def best_counts(run: "Run") -> Counts:
    """The highest top-1 test accuracy of any epoch: Table 2's number in parentheses.

    It is chosen on the test images themselves, as the paper's was.
    """
    best = run.outcome.best_test_accuracy
    return 0 if math.isnan(best) else round(best * run.outcome.test_total), run.outcome.test_total


def published_counts(published: Published) -> Counts:
    """A published share as if counted on ImageNet's 50,000 test images."""
    total = dataset_spec("imagenet").test_size
    return round(published.value * total), total


def sum_of_accuracies(
    name: str, terms: Mapping[str, tuple[float, Counts]], runs: Sequence["Run"] = ()
) -> Measurement:
    """A weighted sum of accuracies, as 1 of one and -1 of another for their difference.

    The interval is by the square-and-add rule (Zou & Donner 2008; for a difference it is Newcombe's
    method 10) on exact binomial intervals, as if all test images were independent: rather too wide
    for networks that answer on the same images. ``terms`` are weights and counts by what they are.
    """
    value, below, above = 0.0, 0.0, 0.0
    for weight, (correct, total) in terms.values():
        share = correct / total
        low, high = clopper_pearson(correct, total)
        value += weight * share
        down, up = (share - low, high - share) if weight > 0 else (high - share, share - low)
        below += (weight * down) ** 2
        above += (weight * up) ** 2
    diverged = any(run.diverged for run in runs)
    return Measurement(
        name,
        (math.nan if diverged else value,),
        "share",
        NOWHERE if diverged else (value - math.sqrt(below), value + math.sqrt(above)),
        "test images, as if those of all networks were independent",
        *provenance(runs),
        column="test",
        **remarks(runs),
    )
