"""Pairs of runs: they share all randomness but what is varied.

A run keeps the digests of its labels, of its first epoch's order and augmentation, of its initial
weights and its first dropout mask. The recipes of two runs with one seed determine which of these
are equal. Runs with other digests are refused.
"""

import math
from collections.abc import Collection, Sequence

from harness.errors import HarnessError
from harness.models.registry import is_custom
from harness.runs.run import Run
from harness.training.recipe import differing_fields

OF_THE_ORDER = {"seed", "dataset", "train_size"}
OF_THE_LABELS = {"label_corruption", "label_draw"}
"""A change of these fields changes the labels."""

THE_NETWORK = {"model", "model_options", "dataset", "crop", "image_size", "labels", "auxiliary"}
DECIDED_BY = {
    "initial weights": THE_NETWORK,
    "augmentation": {"crop", "augmentation", "validation_size"},
    "dropout": {*THE_NETWORK, "dropout", "batch_size", "rank_batch", "validation_size"},
}
"""Recipe fields that decide a digest, beside the seed and the sample. Weights are drawn to the last
bit on processors of one kind alone; a custom network may draw its own without a seed."""
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
    comparable = _processor(one) == _processor(other) and not is_custom(one.recipe.model)
    for what, fields in DECIDED_BY.items() if comparable else ():
        digests = {run.outcome.digests.get(what, "") for run in (one, other)} - {""}
        if len(digests) > 1 and not differing & fields:
            return f"the digests of their {what} differ, though they are drawn in the same way"
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


def _processor(run: Run) -> object:
    return run.environment.get("processor")
