"""What in a recorded run cannot be: counts, curves and figures that contradict its recipe.

Its checksum says that a record is as it was written; this, that what was written makes sense. Does
not import torch.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.linear.recipe import KernelRecipe, SolveRecipe
from harness.runs.run import AnyRun, Run

ROUNDED = 1e-5
"""Of a share: a record keeps seven digits."""


def problems(run: AnyRun) -> Iterator[str]:
    """Each contradiction in words; raises as Python does on figures of the wrong type."""
    if not _is_amount(run.seconds):
        yield f"it took {run.seconds} seconds"
    datetime.fromisoformat(run.finished)
    for name, value, pattern in (
        ("key", run.key, r"[0-9a-f]{16}"),
        ("device", run.device, r"cpu|cuda(:\d+)?"),
        ("precision", run.precision, r"fp32|fp64|bf16"),
        ("processor", run.environment["processor"], r"[^<>|\n]+"),
        ("torch", run.environment["torch"], r"[\w.+-]+"),
        ("commit", run.environment.get("commit", "none"), r"\w+\+?"),
    ):
        if not re.fullmatch(pattern, value):
            yield f"its {name} is {value!r}"
    if isinstance(run, Run):
        yield from _training_problems(run)
        return
    recipe, spec = run.recipe, dataset_spec(run.recipe.dataset)
    facts = run.outcome.facts
    residuals = facts.get("residuals") or [facts["worst_residual"]]
    for amount in (facts["peak_bytes"], *residuals, run.environment["cpu_seconds"]):
        if not _is_amount(amount):
            yield f"a residual, its memory or its time is {amount}"
    for low, high in _spectra(facts):
        if not (_is_amount(low) and low <= high):
            yield f"its eigenvalues go from {low} to {high}"
    if len(run.outcome.fits) != _fits_of(recipe):
        yield f"it has {len(run.outcome.fits)} fits, where its recipe has {_fits_of(recipe)}"
    tested = recipe.held_out or spec.test_size
    for fit in run.outcome.fits:
        yield from _count_problem(f"{fit.label}: train", fit.train_correct, recipe.images)
        yield from _count_problem(f"{fit.label}: test", fit.test_correct, tested)
        if (fit.train_total, fit.test_total) != (recipe.images, tested):
            yield (
                f"{fit.label}: {fit.train_total} training and {fit.test_total} test images, where"
                f" its recipe has {recipe.images} and {tested}"
            )
        if sum(fit.is_right()) != fit.test_correct:
            yield f"{fit.label}: {fit.test_correct} test images are right, and its bits say others"
        if not (_is_amount(fit.norm) and _is_amount(fit.worst_error)):
            yield f"{fit.label}: the norm is {fit.norm}, the largest error {fit.worst_error}"


def _is_amount(value: Any) -> bool:
    """A finite number from 0 up."""
    return type(value) in (int, float) and 0 <= value < float("inf")


def _spectra(facts: Mapping[str, Any]) -> Iterable[Sequence[float]]:
    ends = facts["spectrum_ends"]
    return ends.values() if isinstance(ends, dict) else [ends]


def _fits_of(recipe: SolveRecipe) -> int:
    if isinstance(recipe, KernelRecipe):
        return len(recipe.corruptions)
    return len(recipe.filters) * len(recipe.ridges)


def _training_problems(run: Run) -> Iterator[str]:
    recipe, outcome, curve = run.recipe, run.outcome, run.curve
    spec = dataset_spec(recipe.dataset)
    images = recipe.images - outcome.skipped
    tested = outcome.test_total if spec.is_folder else spec.test_size
    if (outcome.train_total, outcome.test_total) != (images, tested):
        yield (
            f"{outcome.train_total} training and {outcome.test_total} test images, where its recipe"
            f" has {images} and {tested}"
        )
    counts = {
        "train_correct": images,
        "train_among_five": images,
        "corrupted_total": images,
        "true_correct": images,
        "corrupted_true_correct": outcome.corrupted_total,
        "test_correct": tested,
        "test_among_five": tested,
        "corrupted_test_correct": tested,
        "validation_correct": outcome.validation_total,
    }
    for name, most in counts.items():
        yield from _count_problem(name, getattr(outcome, name), most)
    ended = outcome.status == "diverged" or (
        recipe.stop_at_zero_error and outcome.epochs_to_fit == curve.epochs
    )
    if not (curve.epochs == recipe.epochs or (ended and 0 < curve.epochs < recipe.epochs)):
        yield f"its curve has {curve.epochs} epochs, where its recipe has {recipe.epochs}"
    if outcome.status not in ("finished", "diverged"):
        yield f"its status is {outcome.status!r}"
    if outcome.epochs_to_fit is not None and not 0 < outcome.epochs_to_fit <= curve.epochs:
        yield f"it fitted after {outcome.epochs_to_fit} of {curve.epochs} epochs"
    if outcome.status == "finished" and outcome.epochs_to_fit == curve.epochs < recipe.epochs:
        yield from _same("training count", 1.0, outcome.train_correct, images)
    for name in (outcome.label_digest, outcome.order_digest):
        if not re.fullmatch(r"[0-9a-f]{16}", name):
            yield f"the hash of its labels or order is {name!r}"
    if not outcome.first_losses:
        yield "its first losses are missing"
    finite = [*outcome.first_losses, *curve.loss] if outcome.status == "finished" else []
    for amount in (*finite, *curve.learning_rate, *curve.seconds):
        if not _is_amount(amount):
            yield f"a loss, learning rate or time is {amount}"
    if outcome.summary:
        for layer in outcome.summary["layers"]:
            for norms in (layer["initial"], layer["final"], layer["distance"]):
                if not all(map(_is_amount, norms.values())):
                    yield f"a norm of its layer {layer['name']} is no amount"
    apart = ["online_accuracy_corrupted", "online_accuracy_intact", "online_true_corrupted"]
    always = ["step", "loss", "online_accuracy", "train_accuracy", "test_accuracy"]
    always += ["learning_rate", "seconds", *apart * (0 < recipe.label_corruption < 1)]
    for name, values in asdict(curve).items():
        if len(values) != curve.epochs and (values or name in always):
            yield f"{name} has {len(values)} entries for {curve.epochs} epochs"
        shares = "accuracy" in name or name in ("train_top5", "test_top5", "online_true_corrupted")
        if shares and not all(it is None or 0 <= it <= 1 for it in values):
            yield f"{name} holds what is no share"
        if name.startswith("online") and None in values:
            yield f"{name} holds what is no share"
    if curve.step and curve.step[0] != recipe.steps_per_epoch:
        yield f"its first epoch has {curve.step[0]} steps"
    if any(later <= sooner for sooner, later in zip(curve.step, curve.step[1:], strict=False)):
        yield "its steps do not ascend"
    if outcome.status == "finished" and curve.train_accuracy and curve.test_accuracy:
        yield from _same("train_accuracy", curve.train_accuracy[-1], outcome.train_correct, images)
        yield from _same("test_accuracy", curve.test_accuracy[-1], outcome.test_correct, tested)


def _count_problem(name: str, count: int, most: int) -> Iterator[str]:
    if not isinstance(count, int) or not 0 <= count <= most:
        yield f"{name} is {count} of {most}"


def _same(name: str, share: float, count: int, total: int) -> Iterator[str]:
    if abs(share - count / total) > ROUNDED:
        yield f"its last {name} is {share}, and {count} of {total} were right"
