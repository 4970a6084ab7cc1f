"""Contradictions between the figures of a recorded run and its recipe. Does not import torch.

The checksum of a record shows that it is as it was written. These checks show that it makes sense.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

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
EACH_ONLINE = OF_CORRUPTED | {"online_accuracy"}
DIGEST = r"[0-9a-f]{16}"
TEXTS = {"device": r"cpu|cuda(:\d+)?", "precision": r"fp32|fp64|bf16", "key": DIGEST}
FACTS = {"processor": r"[^<>|\n]+", "torch": r"[\w.+-]+", "commit": r"\w+\+?"}
"""What the results page shows of a run's environment."""


def problems(run: AnyRun) -> Iterator[str]:
    """Each contradiction in words; raises as Python does on figures of the wrong type."""
    datetime.fromisoformat(run.finished)
    yield from _amounts("seconds", [run.seconds])
    facts = {"commit": "unknown"} | run.environment
    for texts, patterns in ((vars(run), TEXTS), (facts, FACTS)):
        for name, pattern in patterns.items():
            yield from _text(name, texts[name], pattern)
    yield from _of_training(run) if isinstance(run, Run) else _of_solve(run)


def _of_solve(run: Solve) -> Iterator[str]:
    recipe, fits, facts = run.recipe, run.outcome.fits, run.outcome.facts
    yield from _amounts("peak_bytes", [facts["peak_bytes"]])
    yield from _amounts("cpu_seconds", [run.environment["cpu_seconds"]])
    yield from _amounts("residual", facts.get("residuals") or [facts["worst_residual"]])
    ends = facts["spectrum_ends"]
    for low, high in ends.values() if isinstance(ends, dict) else [ends]:
        if not 0 <= low <= high < math.inf:
            yield f"its eigenvalues go from {low} to {high}"
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
        yield from _amounts(f"{fit.label}: norm", [fit.norm])
        yield from _amounts(f"{fit.label}: largest error", [fit.worst_error])


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
    for name, values in vars(curve).items():
        if len(values) != curve.epochs and (values or name in needed):
            yield f"{name} has {len(values)} entries for {curve.epochs} epochs"
        if "accuracy" in name or "top5" in name or name == "online_true_corrupted":
            # None where nothing was evaluated; every epoch has its online figures.
            known = values if name in EACH_ONLINE else [it for it in values if it is not None]
            if not all(0 <= it <= 1 for it in known):
                yield f"{name} is no share in every epoch"
    if curve.step[0] != recipe.steps_per_epoch or any(a >= b for a, b in pairwise(curve.step)):
        yield f"its steps are {curve.step[:3]} ..., and an epoch has {recipe.steps_per_epoch}"
    yield from _amounts("learning_rate", curve.learning_rate)
    yield from _amounts("seconds", curve.seconds)
    for layer in outcome.summary.get("layers", ()):
        for when in ("initial", "final", "distance"):
            yield from _amounts(f"{when} norm of layer {layer['name']}", layer[when].values())
    yield from _text("status", outcome.status, "finished|diverged")
    yield from _text("label_digest", outcome.label_digest, DIGEST)
    yield from _text("order_digest", outcome.order_digest, DIGEST)
    if diverged:
        return
    if not outcome.first_losses:
        yield "its first losses are missing"
    yield from _amounts("loss", outcome.first_losses + curve.loss)
    if fitted == curve.epochs < recipe.epochs and outcome.train_correct != images:
        yield f"it stopped at zero error with {outcome.train_correct} of {images} right"
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
    if count not in range(most + 1):
        yield f"{name} is {count} of {most}"


def _amounts(name: str, values: Iterable[Any]) -> Iterator[str]:
    if wrong := [it for it in values if not (type(it) in (int, float) and 0 <= it < math.inf)]:
        yield f"{name} is {wrong[0]!r}, and should be a finite number from 0 up"


def _text(name: str, text: str, pattern: str) -> Iterator[str]:
    if not re.fullmatch(pattern, text):
        yield f"its {name} is {text!r}"
