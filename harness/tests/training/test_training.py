"""The SGD loop does what the recipe says, and goes on from a checkpoint with the same bits.

Sizes are tiny: what is tested is arithmetic, not learning.
"""

import math
from dataclasses import dataclass, field

import pytest
import torch
from torch.nn.functional import cross_entropy

from harness.tests.training_helpers import EVERYTHING, data_of, figures, finished, started
from harness.tests.training_helpers import tiny_recipe as recipe
from harness.training.checkpoint import DamagedCheckpoint, packed, restore, state_of, unpacked
from harness.training.loop import Training

pytestmark = pytest.mark.usefixtures("restored_threads")


@dataclass
class Watched:
    """Notes the indices, learning rate and loss of each step of a training."""

    training: Training
    batches: list = field(default_factory=list)
    rates: list = field(default_factory=list)
    losses: list = field(default_factory=list)

    def __post_init__(self):
        self.step, self.training.take_step = self.training.take_step, self.watched

    def watched(self, batch, *given):
        self.batches.append(batch)
        self.rates.append(self.training.learning_rate)
        loss, guesses = self.step(batch, *given)
        self.losses.append(loss.item())
        return loss, guesses


def test_a_step_is_sgd_with_momentum_and_nothing_else():
    training = started(recipe(decay=0.5, decay_every=2, learning_rate=0.1))
    weights = [p.detach().double().requires_grad_() for p in training.model.parameters()]
    velocities = [torch.zeros_like(w) for w in weights]
    images, labels = training.data.train_images.double().flatten(1), training.labels
    for step, batch in enumerate(torch.arange(32).split(8)):
        w1, b1, w2, b2 = weights
        logits = (images[batch] @ w1.T + b1).relu() @ w2.T + b2
        gradients = torch.autograd.grad(cross_entropy(logits, labels[batch]), weights)
        velocities = [0.9 * v + g for v, g in zip(velocities, gradients, strict=True)]
        rate = 0.1 * 0.5 ** (step // 2)
        weights = [
            (w - rate * v).detach().requires_grad_()
            for w, v in zip(weights, velocities, strict=True)
        ]
        training.step(batch)
    for ours, expected in zip(training.model.parameters(), weights, strict=True):
        # float32 against float64 over four steps.
        torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-6)


def test_each_epoch_uses_every_image_once_in_a_new_order():
    watched = Watched(started(recipe(train_size=50, epochs=2)))
    outcome = finished(watched.training).outcome
    assert [len(batch) for batch in watched.batches] == [16, 16, 16, 2] * 2
    first, second = (torch.cat(watched.batches[i : i + 4]) for i in (0, 4))
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(50))
    assert first.tolist() != second.tolist()
    assert outcome.curve.step == [4, 8]
    weighted = sum(
        loss * size for loss, size in zip(watched.losses[4:], [16, 16, 16, 2], strict=True)
    )
    assert outcome.curve.loss[1] == pytest.approx(weighted / 50, rel=1e-6)
    assert outcome.first_losses == watched.losses


def test_stop_at_zero_error_ends_the_training_at_its_first_fit():
    fits = {"model": "mlp-1x512", "epochs": 20, "learning_rate": 0.05, "label_corruption": 1.0}
    stopped = finished(started(recipe(stop_at_zero_error=True, **fits))).outcome
    whole = finished(started(recipe(**fits))).outcome
    assert stopped.epochs_to_fit == stopped.curve.epochs < 20 == whole.curve.epochs
    assert whole.epochs_to_fit == stopped.epochs_to_fit
    assert whole.curve.loss[: stopped.curve.epochs] == stopped.curve.loss
    assert stopped.train_accuracy == 1 and stopped.train_correct == 32
    assert stopped.curve.train_accuracy[-1] == 1 > stopped.curve.train_accuracy[-2]
    assert stopped.curve.test_accuracy[-1] == stopped.test_accuracy


def test_evaluation_once_nearly_fitted_waits_for_the_online_accuracy():
    fits = {"model": "mlp-1x512", "epochs": 12, "learning_rate": 0.05}
    rare = finished(started(recipe(evaluation="once nearly fitted", **fits))).outcome
    every = finished(started(recipe(**fits))).outcome
    assert rare.curve.loss == every.curve.loss, "evaluation moved the training"
    nearly = [share >= 0.99 for share in every.curve.online_accuracy]
    assert True in nearly[:-1] and False in nearly[:-1]
    assert None not in every.curve.train_accuracy + every.curve.test_accuracy
    assert (
        rare.curve.train_accuracy[:-1]
        == [
            accuracy if near else None
            for accuracy, near in zip(every.curve.train_accuracy, nearly, strict=True)
        ][:-1]
    )
    assert rare.curve.test_accuracy == [None] * 11 + [every.test_accuracy]
    assert (rare.train_correct, rare.test_correct) == (every.train_correct, every.test_correct)


def test_evaluation_uses_running_averages_and_changes_no_state():
    training = finished(started(recipe(model="inception", epochs=1)))
    before = {name: t.clone() for name, t in training.model.state_dict().items()}
    count = training.count(training.data.test_images, training.data.test_labels)[0]
    assert all(torch.equal(t, before[name]) for name, t in training.model.state_dict().items())
    # One at a time: in training mode, BatchNorm would see another batch.
    images, labels = training.data.test_images[:20], training.data.test_labels[:20]
    singly = sum(training.count(images[i : i + 1], labels[i : i + 1])[0] for i in range(20))
    assert singly == training.count(images, labels)[0]
    assert count == training.outcome.test_correct


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged():
    wild = recipe(model="mlp-1x512", learning_rate=1e6, epochs=50)
    outcome = finished(started(wild)).outcome
    assert outcome.status == "diverged"
    assert outcome.curve.epochs < 50, "it went on"
    assert not math.isfinite(outcome.curve.loss[-1])
    first = next(i for i, loss in enumerate(outcome.first_losses, 1) if not math.isfinite(loss))
    assert outcome.not_finite == f"the loss of step {first} is {outcome.first_losses[first - 1]}"
    assert all(map(math.isfinite, outcome.curve.loss[:-1]))
    assert math.isnan(outcome.train_accuracy) and math.isnan(outcome.test_accuracy)
    assert outcome.epochs_to_fit is None


def test_weights_that_are_not_finite_after_the_last_step_are_diverged():
    # One step: its loss was finite, the network that it leaves answers NaN.
    training = finished(started(recipe(batch_size=32, epochs=1, learning_rate=1e300)))
    assert not all(p.isfinite().all() for p in training.model.parameters())
    assert training.outcome.status == "diverged"
    assert math.isfinite(training.curve.loss[-1])
    broken = [name for name, p in training.model.named_parameters() if not p.isfinite().all()]
    assert training.outcome.not_finite == f"{broken[0]} is not finite after step 1"


def test_leaked_test_images_are_trained_on_with_the_labels_that_they_are_scored_on():
    changes = {"inputs": "test images", "label_corruption": 0.5, "score_corrupted_test": True}
    leaked = data_of(recipe(**changes))
    assert torch.equal(leaked.train_images, leaked.test_images)
    assert torch.equal(leaked.train_labels, leaked.corrupted_test_labels)
    assert not torch.equal(leaked.train_labels, leaked.test_labels)
    kept = data_of(recipe())
    n = len(leaked.test_images)
    assert n == len(kept.train_images)
    assert torch.equal(leaked.test_images, kept.test_images[:n])
    assert torch.equal(leaked.test_labels, kept.test_labels[:n])


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "alexnet", "decay_every": 3, **EVERYTHING},
        {"model": "inception", **EVERYTHING},
        {"label_corruption": 0.5, "redraw": "labels each epoch"},
        {"inputs": "gaussian", "redraw": "inputs each access"},
    ],
    ids=str,
)
def test_a_resumed_training_ends_with_the_same_bits(changes):
    straight = finished(started(recipe(**changes)))
    kept = packed(state_of(finished(started(recipe(**changes)), epochs=1)))
    resumed = started(recipe(**changes))
    restore(resumed, unpacked(kept))
    assert resumed.curve.epochs == 1 and not resumed.over
    finished(resumed)
    assert figures(resumed.outcome) == figures(straight.outcome)
    for ours, expected in zip(
        resumed.model.state_dict().values(), straight.model.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, expected)


def test_a_checkpoint_with_any_byte_changed_is_refused():
    whole = packed({"labels": torch.tensor([3]), "threads": 2})
    assert unpacked(whole) == {"labels": torch.tensor([3]), "threads": 2}
    broken = [whole[:length] for length in range(0, len(whole), 7)]
    broken += [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(len(whole))]
    for content in [*broken, whole + b"\0", b"not a checkpoint", packed({"a": recipe()})]:
        with pytest.raises(DamagedCheckpoint):
            unpacked(content)


def test_bf16_computes_in_bfloat16_and_keeps_float32_weights():
    short = finished(started(recipe(precision="bf16", epochs=1)))
    exact = finished(started(recipe(epochs=1)))
    assert short.data.train_images.dtype == torch.bfloat16
    assert {p.dtype for p in short.model.parameters()} == {torch.float32}
    assert short.curve.loss != exact.curve.loss
    # bfloat16 has 8 bits: rounding errors of 0.4 %.
    assert short.curve.loss == pytest.approx(exact.curve.loss, rel=0.02)


def test_the_seed_decides_everything():
    one, same, other = (finished(started(recipe(label_corruption=1.0, seed=s))) for s in (0, 0, 1))
    assert figures(one.outcome) == figures(same.outcome)
    one, other = one.outcome, other.outcome
    assert one.label_digest != other.label_digest
    assert one.order_digest != other.order_digest
    assert one.first_losses[0] != other.first_losses[0]
