"""Regression baselines of the fast tier's trainings: the first losses, the streams, the ends."""

import pytest

from claims.section2_capacity.trials import FAST_SEEDS, NETWORKS, fast
from harness.models import model_spec
from harness.plugin.baselines import Tolerance

STEPS = 4
STREAM = Tolerance("an integer stream: the same on every machine")
ROUNDING = {
    "inception": 2e-4,
    "inception-without-batchnorm": 2e-4,
    "alexnet": 5e-6,
    "mlp-3x512": 2e-5,
    "mlp-1x512": 2e-5,
}
"""Relative. Each is above what one thread or two make of the losses (4e-5, 3e-5, and no difference
for the other three), and below what a momentum of 0.89 does within these steps."""
SLOWER = {"inception": 0.01}
"""Of the paper's rate: at 0.1, BatchNorm makes 1 % of one thread or two within four steps."""


def of_each_network(file, recipe):
    """A test for each network: the baseline ``file``-NETWORK of the training that it pins."""
    return pytest.mark.parametrize(
        "network",
        [
            pytest.param(
                name,
                marks=[pytest.mark.baseline(f"{file}-{name}"), pytest.mark.trains(recipe(name))],
            )
            for name in NETWORKS
        ],
    )


def first_steps(network):
    """Two epochs of two steps in fp32, whatever precision the session has."""
    rate = model_spec(network).learning_rate * SLOWER.get(network, 1.0)
    return fast(
        network,
        "random-labels",
        precision="fp32",
        epochs=STEPS // 2,
        stop_at_zero_error=False,
        learning_rate=rate,
    )


@pytest.mark.fast
@of_each_network("first-losses", first_steps)
def test_training_starts_as_it_did(network, laboratory, baseline):
    outcome = laboratory.baseline_run(first_steps(network)).outcome
    baseline.check(
        {
            "loss": outcome.first_losses[:STEPS],
            "labels": [int(outcome.label_digest[:12], 16)] * STEPS,
            "order": [int(outcome.order_digest[:12], 16)] * STEPS,
        },
        {
            "loss": Tolerance("fp32 rounding, other threads", relative=ROUNDING[network]),
            "labels": STREAM,
            "order": STREAM,
        },
    )


def to_the_fit(network):
    return fast(network, "random-labels", FAST_SEEDS[network][0])


@pytest.mark.fast
@of_each_network("memorised", to_the_fit)
def test_training_ends_as_it_did(network, laboratory, baseline):
    outcome = laboratory.baseline_run(to_the_fit(network)).outcome
    baseline.check(
        {
            "train_accuracy": [outcome.train_accuracy],
            "epochs_to_fit": [outcome.epochs_to_fit or float("nan")],
            "test_accuracy": [outcome.test_accuracy],
        },
        {
            "train_accuracy": Tolerance("zero error is exact"),
            "epochs_to_fit": Tolerance("the path differs in bf16 and on another CPU", relative=0.4),
            "test_accuracy": Tolerance("chance, 1,000 images, five deviations", absolute=0.07),
        },
    )


def regularised():
    """Two epochs of two steps with everything on that section 3 can switch on."""
    return fast(
        "mlp-1x512",
        "corrupted-0.5",
        precision="fp32",
        epochs=STEPS // 2,
        stop_at_zero_error=False,
        evaluation="every epoch",
        crop=7,
        augmentation=("random crop", "flip", "rotation"),
        weight_decay=(("weights", 0.1),),
        dropout=0.2,
        validation_size=200,
        score_corrupted_test=True,
    )


@pytest.mark.fast
@pytest.mark.baseline("first-losses-regularised")
@pytest.mark.trains(regularised())
def test_training_with_regularisers_starts_as_it_did(laboratory, baseline):
    """And what it counts on held-out images and on corrupted test labels."""
    outcome = laboratory.baseline_run(regularised()).outcome
    counts = (outcome.validation_accuracy, outcome.corrupted_test_accuracy, outcome.test_accuracy)
    baseline.check(
        {"loss": outcome.first_losses[:STEPS], "accuracies": [*counts, outcome.train_accuracy]},
        {
            "loss": Tolerance("fp32 rounding, also of the rotations", relative=5e-5),
            "accuracies": Tolerance("an answer or two that rounding changes", absolute=0.006),
        },
    )
