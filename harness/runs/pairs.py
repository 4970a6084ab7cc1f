"""Runs that are compared as pairs: they share all randomness but what is varied, by their digests.

A run keeps the digest of its labels and of its first epoch's order. Two recipes of one seed say
which of them are the same; two runs that say otherwise are no pair, and are refused.
"""

import math
from collections.abc import Collection, Sequence

from harness.errors import HarnessError
from harness.runs.run import Run
from harness.training.recipe import differing_fields

OF_THE_ORDER = {"seed", "dataset", "train_size"}
OF_THE_LABELS = {"label_corruption", "label_draw"}
"""Labels that are drawn with these changed are others."""

AFTER_THE_FIRST_STEP = {"epochs", "decay", "evaluation", "stop_at_zero_error"}
ROUNDING = 1e-3
"""Of a batch's loss in bf16, where runs are trained in other groups. Within one they are equal."""


def paired(
    name: str, runs: Sequence[Run], others: Sequence[Run], varied: Collection[str] | None = None
) -> list[tuple[Run, Run]]:
    """The runs in pairs, which differ in recipe fields of ``varied`` alone, where it is given.

    Without it a pair may differ in any field; one of two seeds then shares nothing, and nothing is
    asked of it. Raises HarnessError for what is no pair.
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
        return "their labels differ, though all that says how they are drawn is the same"
    if differing <= AFTER_THE_FIRST_STEP and not starts_alike(one, other):
        return "their first losses differ, though they should start from the same weights"
    return ""


def starts_alike(one: Run, other: Run) -> bool:
    """Whether two runs whose first batches are the same have the same loss there, to rounding."""
    firsts = zip(one.outcome.first_losses[:1], other.outcome.first_losses, strict=False)
    return all(math.isclose(*losses, rel_tol=ROUNDING) for losses in firsts)
