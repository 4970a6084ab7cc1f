"""Contradictions between the figures of a recorded run and its recipe. Does not import torch.

The checksum of a record shows that it is as it was written. These checks show that it makes sense.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict

from harness.data.catalogue import dataset_spec
from harness.linear.recipe import KernelRecipe
from harness.runs.run import AnyRun, Run, Solve

ROUNDED = 1e-5
"""Of a share: a record keeps seven digits."""
EACH_EPOCH = {
    *("step", "loss", "online_accuracy", "train_accuracy", "test_accuracy"),
    *("learning_rate", "seconds"),
}
OF_CORRUPTED = {"online_accuracy_corrupted", "online_accuracy_intact", "online_true_corrupted"}


def problems(run: AnyRun) -> Iterator[str]:
    """Each contradiction in words; raises as Python does on figures of the wrong type."""
    return _of_training(run) if isinstance(run, Run) else _of_solve(run)


def _of_solve(run: Solve) -> Iterator[str]:
    recipe, fits = run.recipe, run.outcome.fits
    one_axis = isinstance(recipe, KernelRecipe)
    count = len(recipe.corruptions) if one_axis else len(recipe.filters) * len(recipe.ridges)
    if len(fits) != count:
        yield f"it has {len(fits)} fits, where its recipe has {count}"
    totals = recipe.images, recipe.held_out or dataset_spec(recipe.dataset).test_size
    for fit in fits:
        if (fit.train_total, fit.test_total) != totals:
            yield _wrong_totals(fit.train_total, fit.test_total, totals)
        yield from _count(f"{fit.label}: train", fit.train_correct, totals[0])
        if sum(fit.is_right()) != fit.test_correct:
            yield f"{fit.label}: {fit.test_correct} test images are right, and its bits differ"
        if not all(math.isfinite(it) and it >= 0 for it in (fit.norm, fit.worst_error)):
            yield f"{fit.label}: the norm is {fit.norm}, the largest error {fit.worst_error}"


def _of_training(run: Run) -> Iterator[str]:
    recipe, outcome, curve = run.recipe, run.outcome, run.curve
    spec = dataset_spec(recipe.dataset)
    images = recipe.images - outcome.skipped
    tested = outcome.test_total if spec.is_folder else spec.test_size
    if (outcome.train_total, outcome.test_total) != (images, tested):
        yield _wrong_totals(outcome.train_total, outcome.test_total, (images, tested))
    for name, most in {
        "train_correct": images,
        "train_among_five": images,
        "corrupted_total": images,
        "true_correct": images,
        "corrupted_true_correct": outcome.corrupted_total,
        "test_correct": tested,
        "test_among_five": tested,
        "corrupted_test_correct": tested,
        "validation_correct": outcome.validation_total,
    }.items():
        yield from _count(name, getattr(outcome, name), most)
    fitted, diverged = outcome.epochs_to_fit, outcome.status == "diverged"
    if fitted is not None and not 0 < fitted <= curve.epochs:
        yield f"it fitted after {fitted} of {curve.epochs} epochs"
    ended = diverged or (recipe.stop_at_zero_error and fitted == curve.epochs)
    if curve.epochs != recipe.epochs and not (ended and 0 < curve.epochs < recipe.epochs):
        yield f"its curve has {curve.epochs} epochs, where its recipe has {recipe.epochs}"
    needed = EACH_EPOCH | OF_CORRUPTED if 0 < recipe.label_corruption < 1 else EACH_EPOCH
    for name, values in asdict(curve).items():
        if len(values) != curve.epochs and (values or name in needed):
            yield f"{name} has {len(values)} entries for {curve.epochs} epochs"
    if diverged:
        return
    if not outcome.first_losses or not all(map(math.isfinite, outcome.first_losses + curve.loss)):
        yield "its losses are missing or not finite"
    for name, share, right, total in (
        ("train_accuracy", curve.train_accuracy[-1:], outcome.train_correct, images),
        ("test_accuracy", curve.test_accuracy[-1:], outcome.test_correct, tested),
    ):
        if not all(abs(it - right / total) <= ROUNDED for it in share):
            yield f"its last {name} is {share[0]}, and {right} of {total} were right"


def _wrong_totals(train: int, test: int, right: tuple[int, int]) -> str:
    return (
        f"{train} training and {test} test images, where its recipe has {right[0]} and {right[1]}"
    )


def _count(name: str, count: int, most: int) -> Iterator[str]:
    if not 0 <= count <= most:
        yield f"{name} is {count} of {most}"
