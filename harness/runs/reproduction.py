"""Whether today's code reproduces a record: its first steps, or a solve's probe, run again."""

from dataclasses import replace
from pathlib import Path

import torch

from harness.data import streams
from harness.linear.solve import probe
from harness.runs.run import AnyRun, Run, Solve
from harness.training.backend import Backend, has_fast_bf16
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.norms import layers_of, matrix_norms
from harness.training.preview import learning_rates

STEPS = 20
LOSS_TOLERANCE = {"fp32": 1e-3, "bf16": 4e-3}
"""Relative, of the first losses: another machine rounds sums in another order. On a CPU without
fast bf16 a record in bf16 is repeated in fp32, which changes its losses by 0.0011."""
EXACT = 1e-6
"""Relative, of what rounding does not change: learning rates, norms of the initial weights."""
NORM_TOLERANCE, RIGHT_TOLERANCE = 1e-4, 20
"""Relative, of a probe's norm: double precision on 500 images is far more exact. And test images
out of 10,000, for ties between outputs."""


def differences(run: AnyRun, root: Path | None = None) -> list[str]:
    """The differences, in words, between a record and what today's code makes of its recipe.

    Raises DataError where the data set is missing.
    """
    return _of_training(run, root) if isinstance(run, Run) else _of_solve(run, root)


def _of_training(run: Run, root: Path | None) -> list[str]:
    precision = run.precision
    if precision == "bf16" and not has_fast_bf16("cpu"):
        precision = "fp32"
    recipe = replace(run.recipe, precision=precision)
    data = prepared_data(recipe, root, "cpu", precision)
    training = Training(recipe, data, Backend("cpu", torch.get_num_threads()))
    initial = {name: it.weight.detach().clone() for name, it in layers_of(training.model).items()}
    order = training.next_order()
    training.model.train()
    batches = order.split(recipe.batch_size)[:STEPS]
    losses = [float(training.step(batch)[0]) for batch in batches]
    found = []
    for name, ours, theirs in (
        ("labels", streams.digest(data.train_labels), run.outcome.label_digest),
        ("order", training.outcome.order_digest, run.outcome.order_digest),
    ):
        if ours != theirs:
            found.append(f"the hash of its {name} is {ours}, recorded is {theirs}")
    epochs, an_epoch = run.curve.epochs, recipe.steps_per_epoch
    rates = learning_rates(recipe, epochs * an_epoch)[::an_epoch]
    for epoch, (ours, theirs) in enumerate(zip(rates, run.curve.learning_rate, strict=True), 1):
        if abs(ours - theirs) > EXACT * theirs:
            found.append(f"the rate of epoch {epoch} is {ours:.7g}, recorded is {theirs:.7g}")
            break
    kept = {it["name"]: it["initial"] for it in run.outcome.summary.get("layers", ())}
    for name, norms in kept.items():
        ours = matrix_norms(initial[name])["frobenius"]
        if abs(ours - norms["frobenius"]) > 10 * EXACT * ours:
            found.append(f"the weights of {name} start with the norm {ours:.7g}, not as recorded")
    tolerance = LOSS_TOLERANCE[run.precision]
    for step, (ours, theirs) in enumerate(
        zip(losses, run.outcome.first_losses[: len(losses)], strict=True), start=1
    ):
        if not abs(ours - theirs) <= tolerance * abs(theirs):
            found.append(
                f"the loss of step {step} is {ours:.6g}, recorded is {theirs:.6g} (tolerance"
                f" {100 * tolerance:g} %)"
            )
            break
    return found


def _of_solve(run: Solve, root: Path | None) -> list[str]:
    kept, again = run.outcome.facts.get("probe"), probe(run.recipe, root)
    if kept is None:
        return ["it has no probe to compare with: record it again"]
    found = []
    if kept["label_digests"] != again["label_digests"]:
        found.append(f"the hashes of its labels are {again['label_digests']}, recorded are others")
    for label, (right, norm, _) in again["fits"].items():
        their_right, their_norm, _ = kept["fits"].get(label, (-RIGHT_TOLERANCE, 0.0, 0.0))
        if abs(right - their_right) > RIGHT_TOLERANCE:
            found.append(
                f"{label}: its probe has {right} test images right, recorded {their_right}"
            )
        if not abs(norm - their_norm) <= NORM_TOLERANCE * norm:
            found.append(f"{label}: its probe's norm is {norm:.8g}, recorded {their_norm:.8g}")
    return found
