"""Networks for complexity measures, and what a custom measure may and may not do."""

import copy

import pytest
import torch

from harness.capacity.measured import (
    built_in,
    check_signature,
    evaluate,
    rescaled,
    train_networks,
    value_of,
)
from harness.capacity.measures import MEASURES
from harness.errors import CapacityError
from harness.training.protocol import paper_recipe


@pytest.fixture(scope="module")
def networks():
    recipes = [
        paper_recipe("mlp-1x512", "digits", setting, train_size=size, epochs=3, seed=seed)
        for size in (16, 32)
        for setting in ("true-labels", "random-labels")
        for seed in (0, 1)
    ]
    return train_networks(recipes)


def norm(model, inputs, labels, initial):
    return sum(it.square().sum() for it in model.parameters())


def test_networks_come_in_the_order_of_their_recipes(networks):
    sizes = [len(it.inputs) for it in networks]
    assert sizes == [16] * 4 + [32] * 4
    assert [it.recipe.seed for it in networks] == [0, 1] * 4
    assert not torch.equal(networks[0].labels, networks[2].labels)


def test_errors_are_those_of_the_network(networks):
    network = networks[0]
    wrong = (network.model(network.inputs).argmax(1) != network.labels).float().mean()
    assert network.train_error == pytest.approx(float(wrong))
    assert network.gap == network.test_error - network.train_error


def test_a_measure_sees_the_trained_and_the_initial_weights(networks):
    def moved(model, inputs, labels, initial):
        final = model.state_dict()
        return sum((final[key] - it).square().sum() for key, it in initial.items()) ** 0.5

    for network in networks:
        value = evaluate("moved", moved, network).value
        assert value == pytest.approx(built_in(MEASURES["distance"], network).value, rel=1e-4)
        assert value > 0


def test_a_measure_that_asks_is_given_which_labels_are_random():
    def informed(model, inputs, labels, initial, replaced):
        wrong = (model(inputs).argmax(1) != labels).double()
        return wrong[~replaced].mean() + 9 - 10 * wrong[replaced].mean()

    check_signature("informed", informed)
    setting = {"train_size": 64, "epochs": 3}
    (network,) = train_networks([paper_recipe("mlp-1x512", "digits", "corrupted-0.5", **setting)])
    (true,) = train_networks([paper_recipe("mlp-1x512", "digits", "true-labels", **setting)])
    same = network.labels == true.labels
    assert 20 < int(network.replaced.sum()) < 44
    assert same[~network.replaced].all(), "what is not replaced is the true label"
    assert not true.replaced.any() and "random part" not in true.summary
    value = built_in(MEASURES["ratt"], network).value
    assert evaluate("informed", informed, network).value == pytest.approx(value)


def test_a_bound_may_come_with_the_number(networks):
    def pair(model, inputs, labels, initial):
        return torch.tensor([2.0]), 3

    assert evaluate("pair", pair, networks[0]) == (2.0, 3.0)
    assert evaluate("norm", norm, networks[0]).bound is None


def raises(model, inputs, labels, initial):
    raise ValueError("no such layer")


def exits(model, inputs, labels, initial):
    raise SystemExit("no\nmore")


def changes(model, inputs, labels, initial):
    with torch.no_grad():
        next(model.parameters()).zero_()
    return 1.0


def in_training_mode(model, inputs, labels, initial):
    model.train()
    return 1.0


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (raises, "ValueError: no such layer"),
        (exits, "SystemExit: no more; try it by hand"),
        (changes, "changed the weights .*deepcopy"),
        (in_training_mode, "left the model in training mode"),
        (lambda *seen: torch.ones(2), r"a tensor of shape \(2,\)"),
        (lambda *seen: 2**2_000, r"an integer above 1e308 .*: return its logarithm"),
        (lambda *seen: "large", "a str"),
        (lambda *seen: None, "a NoneType"),
        (lambda *seen: float("nan"), "returned nan"),
        (lambda *seen: float("inf"), "returned inf"),
        (lambda *seen: (1.0, float("nan")), "returned 1, nan"),
        (lambda *seen: (1.0, -0.1), "by -0.1: an error is at least 0"),
        (lambda *seen: (1.0, 2.0, 3.0), "returned 3 values"),
    ],
)
def test_what_a_measure_may_not_do(networks, measure, message):
    with pytest.raises(CapacityError, match=message) as caught:
        evaluate("./mine.py:measure", measure, networks[0])
    assert "./mine.py:measure" in str(caught.value)
    assert "mlp-1x512" in str(caught.value) or "MLP 1x512" in str(caught.value)


def test_nothing_that_a_measure_does_reaches_the_next(networks):
    before = copy.deepcopy(networks[0].model.state_dict())

    def vandal(model, inputs, labels, initial):
        inputs.zero_(), labels.zero_()
        for it in initial.values():
            it.zero_()
        return 0.0

    evaluate("vandal", vandal, networks[0])
    assert networks[0].inputs.abs().sum() > 0
    assert any(it.abs().sum() > 0 for it in networks[0].initial.values())
    assert all(torch.equal(it, before[key]) for key, it in networks[0].model.state_dict().items())


@pytest.mark.parametrize("function", [3, lambda model: 1.0, lambda a, b, c, d, e: 1.0, norm, print])
def test_a_measure_takes_four_arguments(function):
    if function in (norm, print):
        check_signature("m", function)
        return
    with pytest.raises(CapacityError, match="model, inputs, labels, initial"):
        check_signature("m", function)


def test_rescaled_networks_are_the_same_function(networks):
    network = networks[0]
    other = rescaled(network)
    assert not torch.allclose(other.model[1].weight, network.model[1].weight)
    assert torch.allclose(other.model(network.inputs), network.model(network.inputs), atol=1e-4)


def test_the_path_norm_is_that_of_the_function_and_others_are_not(networks):
    pair = [networks[3], rescaled(networks[3])]
    changed = {
        name: abs(after.value / before.value - 1)
        for name in ("parameters", "path-norm", "max-row-product", "frobenius-product", "distance")
        for before, after in [[value_of(name, None, it) for it in pair]]
    }
    pair = [networks[3], rescaled(networks[3], reverse=False)]
    before, after = [value_of("sharpness", None, it).value for it in pair]
    assert before == pytest.approx(after, rel=1e-3), "the same draws of noise, scaled alike"
    assert changed["parameters"] == 0
    assert changed["path-norm"] < 1e-4
    assert min(changed[it] for it in ("max-row-product", "frobenius-product", "distance")) > 0.05
