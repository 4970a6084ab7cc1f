"""Regression baselines of the fast tier's trainings: the first losses, the streams, the ends."""

import pytest

from claims.section2_capacity.trials import FAST_SEEDS, NETWORKS, fast
from harness.plugin.baselines import Tolerance

STEPS = 6
STREAM = Tolerance("an integer stream: the same on every machine")


def first_steps(network):
    """Three epochs of two steps in fp32, whatever precision the session has."""
    return fast(
        network, "random-labels", precision="fp32", epochs=STEPS // 2, stop_at_zero_error=False
    )


@pytest.mark.fast
@pytest.mark.parametrize(
    "network",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.baseline(f"first-losses-{name}"),
                pytest.mark.trains(first_steps(name)),
            ],
        )
        for name in NETWORKS
    ],
)
def test_training_starts_as_it_did(network, laboratory, baseline):
    outcome = laboratory.baseline_run(first_steps(network)).outcome
    baseline.check(
        {
            "loss": outcome.first_losses[:STEPS],
            "labels": [int(outcome.label_digest[:12], 16)] * STEPS,
            "order": [int(outcome.order_digest[:12], 16)] * STEPS,
        },
        {
            "loss": Tolerance("fp32 summation order on another CPU", relative=2e-4),
            "labels": STREAM,
            "order": STREAM,
        },
    )


def to_the_fit(network):
    return fast(network, "random-labels", FAST_SEEDS[network][0])


@pytest.mark.fast
@pytest.mark.parametrize(
    "network",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.baseline(f"memorised-{name}"),
                pytest.mark.trains(to_the_fit(name)),
            ],
        )
        for name in NETWORKS
    ],
)
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
