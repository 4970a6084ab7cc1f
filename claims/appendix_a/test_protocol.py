"""A-protocol: SGD with momentum, a learning rate that falls by 0.95 an epoch, no regulariser.

The five networks' schedules over three epochs of CIFAR-10, computed and not trained; and a linear
model as it was trained on 256 digits for 250 epochs, alone and in a group.
"""

import pytest

from claims.section2_capacity.recipes import NETWORKS, on_digits
from harness import training
from harness.evidence import ClaimNotSupported, Equals, exact, published_row
from harness.models import MODELS
from harness.plugin.experiments import experiments
from harness.training.protocol import paper_recipe

EPOCHS = 3
ROUNDING = 1e-12
ROUNDING_OF_GRAPHS = 1e-5
"""Graphs hold the rate in float32: 300 decays of 0.95 may be off by 4e-6."""


def published(network, field):
    return published_row("appendix_a_protocol", field, model=MODELS[network].paper_name)


def published_rate(network, step):
    """The learning rate of a step, counted from 0."""
    epoch = step // int(published(network, "steps_per_epoch").value)
    return published(network, "learning_rate").value * published(network, "decay").value ** epoch


def judge_rates(judge, name, rates, expected, rounding=ROUNDING):
    worst = max(abs(rate / right - 1) for rate, right in zip(rates, expected, strict=True))
    judge(
        exact(f"{name}: largest relative error of a step's learning rate", [worst], ""),
        Equals(
            0.0,
            source="Appendix A and Figure 1a; the tolerance is rounding",
            tolerance=rounding,
        ),
    )


def judge_schedule(judge, network, late=0):
    """The rates of each step; ``late`` of them are left out at the start."""
    steps = EPOCHS * int(published(network, "steps_per_epoch").value)
    recipe = paper_recipe(network, "cifar10", "true-labels")
    rates = training.learning_rates(recipe, steps + late)[late:]
    expected = [published_rate(network, step) for step in range(steps)]
    judge_rates(judge, MODELS[network].paper_name, rates, expected)


ANOTHER_RATE = pytest.mark.xfail(
    raises=ClaimNotSupported,
    strict=True,
    reason="the paper's learning rate of 0.1 does not train it here: on CIFAR-10 it diverges in the"
    " first epoch; 0.01 does, and 0.003 on digits",
)


@pytest.mark.fast
@pytest.mark.claim("A-protocol")
@pytest.mark.parametrize(
    "network",
    [
        pytest.param(name, marks=ANOTHER_RATE if name == "inception-without-batchnorm" else ())
        for name in NETWORKS
    ],
)
def test_every_step_has_the_published_learning_rate(network, judge):
    judge_schedule(judge, network)


@pytest.mark.fast
@pytest.mark.control("A-protocol")
@pytest.mark.parametrize("network", NETWORKS)
def test_a_schedule_off_by_one_epoch_is_noticed(network, judge):
    judge_schedule(judge, network, late=int(published(network, "steps_per_epoch").value))


@pytest.mark.fast
@pytest.mark.claim("A-protocol")
@pytest.mark.parametrize("network", NETWORKS)
def test_momentum_batch_size_and_no_regularizer(network, judge):
    recipe = paper_recipe(network, "cifar10", "random-labels")
    name = MODELS[network].paper_name
    switched = training.regularizers(recipe)
    for field, value in (
        ("momentum", switched["momentum"]),
        ("batch_size", recipe.batch_size),
        ("steps_per_epoch", recipe.steps_per_epoch),
    ):
        number = published(network, field)
        judge(
            exact(f"{name}: {field.replace('_', ' ')}", [value], number.unit),
            Equals(number.value, source=number.where),
            number,
        )
    regularizers = [switched[it] for it in ("weight_decay", "dropout", "augmentation")]
    judge(
        exact(f"{name}: regularisers", regularizers, ""),
        Equals(0.0, source="Appendix A: none of them unless it is said"),
    )


@pytest.mark.claim("A-protocol")
@experiments(
    fast={
        "linear": [on_digits("linear", "random-labels")],
        "linear-as-a-group": [on_digits("linear", "random-labels", seed) for seed in (54, 55)],
    }
)
def test_a_run_records_the_rates_it_was_trained_with(runs, judge):
    """Past the first decay: the decay is per 391 steps, and an epoch on digits has two."""
    name = "linear model" if len(runs.all) == 1 else "linear models in one vectorised group"
    rates = [rate for run in runs.all for rate in run.curve.learning_rate]
    first_steps = [step for run in runs.all for step in (0, *run.curve.step[:-1])]
    expected = [published_rate("mlp-1x512", step) for step in first_steps]
    graphs = any(run.environment.get("steps") == "graph" for run in runs.all)
    rounding = ROUNDING_OF_GRAPHS if graphs else ROUNDING
    judge_rates(judge, f"{name}, as trained", rates, expected, rounding)


TWO_EPOCHS = on_digits("linear", "true-labels", train_size=200, epochs=2, stop_at_zero_error=False)
"""Each of one whole batch and 72 images more."""


@pytest.mark.claim("A-protocol")
@experiments(fast={"linear": [TWO_EPOCHS]})
def test_the_last_batch_of_an_epoch_is_smaller_and_counts(runs, judge):
    (run,) = runs.all
    size = int(published("mlp-1x512", "batch_size").value)
    judge(
        exact("linear model, as trained: steps in all", [run.curve.step[-1]], "steps"),
        Equals(
            2 * -(-run.recipe.images // size),
            source="Figure 1a: a point every 391 = ceil(50,000 / 128) steps",
        ),
    )
