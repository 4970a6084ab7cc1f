"""Regression baselines of the fast tier's trainings: first losses, streams, final figures."""

import pytest

from claims.section2_capacity.recipes import AT_FAST, NETWORKS, on_digits
from harness.models import MODELS
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
"""Relative: above the difference between one thread and two (4e-5, 3e-5, none for the other three),
and below the effect of a momentum of 0.89 within these steps."""
SLOWER = {"inception": 0.01}
"""Of the paper's rate, at which BatchNorm multiplies rounding to 1 % within four steps."""


def for_each_network(file, recipe, at_fast):
    """A test for each network: the baseline ``file``-NETWORK of the training that it pins."""
    return pytest.mark.parametrize(
        "network",
        [
            pytest.param(
                name,
                marks=[
                    pytest.mark.fast if name in at_fast else pytest.mark.cpu_full,
                    pytest.mark.baseline(f"{file}-{name}"),
                    pytest.mark.needs(training=[recipe(name)]),
                ],
            )
            for name in NETWORKS
        ],
    )


def first_steps(network):
    """Two epochs of two steps in fp32, whatever precision the session has."""
    return on_digits(
        network,
        "random-labels",
        precision="fp32",
        epochs=STEPS // 2,
        stop_at_zero_error=False,
        learning_rate=MODELS[network].learning_rate * SLOWER.get(network, 1.0),
    )


@for_each_network("first-losses", first_steps, NETWORKS)
def test_training_starts_as_it_did(network, runs, baseline):
    outcome = runs.all[0].outcome
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


@for_each_network("memorised", lambda network: on_digits(network, "random-labels"), AT_FAST)
def test_training_ends_as_it_did(network, runs, baseline):
    outcome = runs.all[0].outcome
    baseline.check(
        {
            "train_accuracy": [outcome.train_accuracy],
            # Not zero error: of the Inception's last images two processors made 19 and 41 epochs.
            "epochs_to_95_percent": [outcome.epochs_until(0.95) or float("nan")],
            "test_accuracy": [outcome.test_accuracy],
        },
        {
            "train_accuracy": Tolerance("zero error is exact"),
            "epochs_to_95_percent": Tolerance(
                "the path differs in bf16 and on another CPU", relative=0.4
            ),
            "test_accuracy": Tolerance("chance, 1,000 images, five deviations", absolute=0.07),
        },
    )


REGULARISED = on_digits(
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
"""Two epochs of two steps with everything on that section 3 can switch on."""


@pytest.mark.fast
@pytest.mark.baseline("first-losses-regularised")
@pytest.mark.needs(training=[REGULARISED])
def test_training_with_regularisers_starts_as_it_did(runs, baseline):
    """And what it counts on held-out images and on corrupted test labels."""
    outcome = runs.all[0].outcome
    counts = (outcome.validation_accuracy, outcome.corrupted_test_accuracy, outcome.test_accuracy)
    baseline.check(
        {"loss": outcome.first_losses[:STEPS], "accuracies": [*counts, outcome.train_accuracy]},
        {
            "loss": Tolerance("fp32 rounding, also of the rotations", relative=5e-5),
            "accuracies": Tolerance("an answer or two that rounding changes", absolute=0.006),
        },
    )
