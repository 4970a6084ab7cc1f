"""Networks for complexity measures, and what a custom measure may and may not do."""

import copy

import numpy as np
import pytest
import torch

from harness.capacity.custom_measure import CustomMeasure, evaluate, measure_function
from harness.capacity.measured import built_in, l2_norm, rescaled, train_networks
from harness.capacity.measures import MEASURES
from harness.errors import CapacityError, HarnessError
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


def say(measure, network, **known):
    """What a measure says of a network, in this process."""
    given = network.inputs, network.labels, network.initial
    return evaluate(measure, copy.deepcopy(network.model), *given, **known)


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
        value = say(moved, network).value
        assert value == pytest.approx(built_in(MEASURES["distance"], network).value, rel=1e-4)
        assert value > 0


def test_a_measure_that_asks_is_given_which_labels_are_random():
    def informed(model, inputs, labels, initial, replaced):
        wrong = (model(inputs).argmax(1) != labels).double()
        return wrong[~replaced].mean() + 9 - 10 * wrong[replaced].mean()

    setting = {"train_size": 64, "epochs": 3}
    (network,) = train_networks([paper_recipe("mlp-1x512", "digits", "corrupted-0.5", **setting)])
    (true,) = train_networks([paper_recipe("mlp-1x512", "digits", "true-labels", **setting)])
    same = network.labels == true.labels
    assert 20 < int(network.replaced.sum()) < 44
    assert same[~network.replaced].all(), "what is not replaced is the true label"
    assert not true.replaced.any() and "random part" not in true.summary
    value = built_in(MEASURES["ratt"], network).value
    said = say(informed, network, replaced=network.replaced)
    assert said.value == pytest.approx(value)


def test_a_bound_may_come_with_the_number(networks):
    def pair(model, inputs, labels, initial):
        return torch.tensor([2.0]), 3

    assert say(pair, networks[0]) == (2.0, 3.0)
    assert say(lambda *seen: 1, networks[0]) == (1.0, None)


def raises(model, inputs, labels, initial):
    raise ValueError("no such layer")


def exits(model, inputs, labels, initial):
    raise SystemExit("no\nmore")


class Mute(BaseException):
    def __str__(self):
        raise ValueError

    def __float__(self):
        raise self


def raises_what_has_no_words(model, inputs, labels, initial):
    raise Mute


def interrupts(model, inputs, labels, initial):
    raise KeyboardInterrupt


def takes_a_method(model, inputs, labels, initial):
    model.state_dict = None
    return 1.0


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
        (raises_what_has_no_words, "raised on {network}: Mute; try it by hand"),
        (interrupts, "raised on {network}: KeyboardInterrupt; try it by hand"),
        (takes_a_method, r"left {network} .* be compared .*NoneType.*deepcopy\(model\)"),
        (changes, "changed the weights .*deepcopy"),
        (in_training_mode, "left {network} in training mode"),
        (lambda *seen: torch.ones(2), r"a tensor of shape \(2,\)"),
        (lambda *seen: 2**2_000, r"an integer above 1e308 .*: return its logarithm"),
        (lambda *seen: "3", "a str .*: return a real number"),
        (lambda *seen: Mute(), r"a Mute for {network} \(Mute\): return a real number"),
        (lambda *seen: torch.tensor(1j), r"shape \(\) .*no real number\): return a real number"),
        (lambda *seen: np.complex128(1j), "a complex128 .*: return a real number"),
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
        say(measure, networks[0])
    assert "{network}" in str(caught.value)


MINE = """
import gc, os, sys, warnings
import torch
from sklearn.datasets import load_digits

def rows(tensor):
    return tensor.flatten(1).double()

def by_the_digits(model, inputs, labels, initial):
    "The largest cosine of a training image with any digit, in either orientation."
    digits = torch.tensor(load_digits().images)[:, None].expand(-1, 3, -1, -1)
    digits = torch.cat([digits, digits.transpose(2, 3)])
    digits = rows(digits) - rows(digits).mean(1, keepdim=True)
    return torch.nn.functional.normalize(digits) @ torch.nn.functional.normalize(rows(inputs)).T

def cheats(model, inputs, labels, initial):
    warnings.simplefilter("ignore")  # Some objects of torch are deprecated.
    frame, seen = sys._getframe(), []
    while frame:
        seen += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    seen += gc.get_objects()
    leaks = [it for it in seen if type(it).__name__ in ("Network", "Recipe", "TrainingData")]
    tensors = [it for it in seen if isinstance(it, torch.Tensor) and it.ndim == 4]
    foreign = [it for it in tensors if len(it) != len(inputs)]
    like = by_the_digits(model, inputs, labels, initial).max(0).values
    return len(leaks) + len(foreign), float(like.max())

def counts(model, inputs, labels, initial):
    for it in (inputs, labels, *initial.values(), *model.parameters()):
        it.data.zero_() if it is inputs else None
    warnings.warn("seen")
    return len(labels)

def dies(model, inputs, labels, initial):
    os._exit(3)

def warns_without_words(model, inputs, labels, initial):
    class Mute(Warning):
        def __str__(self):
            raise KeyboardInterrupt
    warnings.warn(Mute())
    return 1.0

def of_one(model):
    return 1.0

NUMBER = 3.0
"""


@pytest.fixture
def custom(tmp_path):
    """Measures of the file above, by name, each in its process."""
    (tmp_path / "mine.py").write_text(MINE)
    made = []

    def load(name):
        made.append(CustomMeasure(f"{tmp_path}/mine.py:{name}"))
        return made[-1]

    yield load
    for it in made:
        it.close()


def test_a_measure_finds_no_test_set(custom):
    """Neither by the frames and objects of its process nor by loading the digits itself."""
    recipe = paper_recipe("mlp-1x512", "digits", "true-labels", train_size=64, epochs=3)
    (digits,), (unseen,) = train_networks([recipe]), train_networks([recipe], unseen=True)
    measure = custom("cheats")
    found, cosine = measure(unseen)
    assert found == 0
    assert cosine < 0.97
    assert measure(digits).bound > 0.999, "on digits themselves it would find them"


def test_what_a_measure_does_to_its_arguments_stays_in_its_process(custom, networks):
    measure = custom("counts")
    with pytest.warns(UserWarning, match=r"mine.py:counts: seen"):
        assert [measure(it).value for it in networks] == [16] * 4 + [32] * 4
    assert all(it.inputs.abs().sum() > 0 for it in networks)


def test_a_measure_that_ends_its_process_is_named_with_the_network(custom, networks):
    with pytest.raises(CapacityError, match=r"mine.py:dies ended its process on .*seed 0 .exit st"):
        custom("dies")(networks[0])


def test_what_its_process_raises_beside_the_measure_is_said_and_leaves_no_traceback(
    custom, networks, tmp_path, capfd
):
    measure = custom("warns_without_words")
    for _ in range(2):
        with pytest.raises(CapacityError, match=r"words raised on .*seed 0: KeyboardInterrupt; tr"):
            measure(networks[0])
    (tmp_path / "ends.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(CapacityError, match=r"ends.py:measure raised on its import: KeyboardInt"):
        CustomMeasure(f"{tmp_path}/ends.py:measure")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", r"mine.py:absent: unknown name"),
        ("", "names no measure; write PACKAGE.MODULE:FUNCTION or ./FILE.py:FUNCTION"),
        ("NUMBER", "is a float, but it should be a measure"),
        ("of_one", r"write def of_one\(model, inputs, labels, initial\)"),
    ],
)
def test_a_measure_takes_four_arguments(tmp_path, name, message):
    (tmp_path / "mine.py").write_text(MINE)
    with pytest.raises(HarnessError, match=message):
        measure_function(f"{tmp_path}/mine.py:{name}")


def test_rescaled_networks_are_the_same_function(networks):
    network = networks[0]
    other = rescaled(network)
    assert not torch.allclose(other.model[1].weight, network.model[1].weight)
    assert l2_norm(network) == pytest.approx(network.summary["parameters"]["final l2"], rel=1e-5)
    assert l2_norm(other) > 1.1 * l2_norm(network)
    assert torch.allclose(other.model(network.inputs), network.model(network.inputs), atol=1e-4)


def test_the_path_norm_is_that_of_the_function_and_others_are_not(networks):
    pair = [networks[3], rescaled(networks[3])]
    changed = {
        name: abs(after.value / before.value - 1)
        for name in ("parameters", "path-norm", "max-row-product", "frobenius-product", "distance")
        for before, after in [[built_in(MEASURES[name], it) for it in pair]]
    }
    pair = [networks[3], rescaled(networks[3], reverse=False)]
    before, after = [built_in(MEASURES["sharpness"], it).value for it in pair]
    assert before == pytest.approx(after, rel=1e-3), "the same draws of noise, scaled alike"
    assert changed["parameters"] == 0
    assert changed["path-norm"] < 1e-4
    assert min(changed[it] for it in ("max-row-product", "frobenius-product", "distance")) > 0.05
