"""Pairs of runs: they share all randomness but what is varied.

A run keeps the digests of its labels and of its first epoch's order. The recipes of two runs with
one seed determine which of these digests are equal. Runs with other digests are refused.
"""

import math
from collections.abc import Collection, Sequence

from harness.errors import HarnessError
from harness.runs.run import Run
from harness.training.recipe import differing_fields

OF_THE_ORDER = {"seed", "dataset", "train_size"}
OF_THE_LABELS = {"label_corruption", "label_draw"}
"""A change of these fields changes the labels."""

AFTER_THE_FIRST_STEP = {"epochs", "decay", "evaluation", "stop_at_zero_error"}
ROUNDING = 1e-3
"""Relative, of a batch's loss in bf16 when two runs train in different groups."""


def paired(
    name: str, runs: Sequence[Run], others: Sequence[Run], varied: Collection[str] | None = None
) -> list[tuple[Run, Run]]:
    """The runs in pairs, whose recipes differ only in the fields ``varied``; None allows any field.

    Two runs of different seeds share nothing, so their digests are not compared. Raises
    HarnessError for runs that are no pair.
    """
    pairs = list(zip(runs, others, strict=True))
    for one, other in pairs:
        if why := _no_pair(one, other, varied):
            raise HarnessError(f"{name}: {one.recipe} and {other.recipe} are no pair: {why}")
    return pairs


def _no_pair(one: Run, other: Run, varied: Collection[str] | None) -> str:
    differing = set(differing_fields(one.recipe, other.recipe))
    if varied is not None and (more := sorted(differing - set(varied))):
        return f"they differ in {', '.join(more)}; only {', '.join(sorted(varied))} may be varied"
    if differing & OF_THE_ORDER:
        return ""
    if one.outcome.order_digest != other.outcome.order_digest:
        return "their images come in different orders, though their seed is the same"
    drawn_anew = "never" not in (one.recipe.redraw, other.recipe.redraw)
    same = one.outcome.label_digest == other.outcome.label_digest
    if differing & OF_THE_LABELS and same:
        return f"their labels are the same, though {', '.join(sorted(differing))} is varied"
    if not (same or drawn_anew or differing & {*OF_THE_LABELS, "labels", "replaced", "redraw"}):
        return "their labels differ, though they are drawn in the same way"
    if differing <= AFTER_THE_FIRST_STEP and not starts_alike(one, other):
        return "their first losses differ, though they should start from the same weights"
    return ""


def starts_alike(one: Run, other: Run) -> bool:
    """Whether two runs with the same first batch have the same loss on it, up to rounding."""
    firsts = zip(one.outcome.first_losses[:1], other.outcome.first_losses, strict=False)
    return all(math.isclose(*losses, rel_tol=ROUNDING) for losses in firsts)
