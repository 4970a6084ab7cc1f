"""Each built-in measure on a network with two layers, by hand."""

import copy
import math
from statistics import NormalDist

import pytest
import torch
from torch import nn

from harness.capacity.measured import Network, built_in
from harness.capacity.measures import MEASURES, frobenius_bound, pac_bayes_bound, ratt_bound
from harness.training.protocol import paper_recipe
from harness.training.summary import summarise_network

WEIGHTS = [[3.0, 4.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, -1.0]]
IDENTITY = [[1.0, 0.0], [0.0, 1.0]]
IMAGES = [[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]]
"""The network gives (6, 0), (8, -1) and (2, -1), the label is 0: margins of 6, 9 and 3."""
GAMMA = 3.6
"""The 10th percentile of 3, 6 and 9."""
SPECTRAL = math.sqrt(13 + math.sqrt(160))
"""Of the first layer: the squares of its singular values add up to 26, and their product is 9."""


def network(*weights):
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        for layer, weight in zip(model[1::2], weights, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.zero_()
    return model


@pytest.fixture(scope="module")
def summary():
    images, labels = torch.tensor(IMAGES).view(3, 1, 1, 2), torch.zeros(3, dtype=torch.long)
    final = network(*WEIGHTS)
    return summarise_network(network(IDENTITY, IDENTITY), final, images, labels, final, seed=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parameters", 12),
        ("path-norm", 2 * 3 + 2 * 4 + 1 * 1),
        ("max-row-product", 7 * 2),
        ("frobenius-product", math.sqrt(26) * math.sqrt(5)),
        ("distance", math.sqrt(2**2 + 4**2 + 1**2 + 2**2)),
        (
            "spectral",
            SPECTRAL
            * 2
            * ((math.sqrt(20) / SPECTRAL) ** (2 / 3) + (3 / 2) ** (2 / 3)) ** 1.5
            / GAMMA,
        ),
        ("margin", -GAMMA),
    ],
)
def test_a_measure_is_its_formula(summary, name, value):
    assert MEASURES[name].value(summary) == pytest.approx(value, rel=1e-5)


def test_the_bound_of_the_row_norms(summary):
    complexity = 2 * 14 * 1 * math.sqrt(2 * math.log(4) / 3)
    expected = 0.1 + 4 * 2 / GAMMA * complexity + math.sqrt(math.log(20) / 6)
    assert MEASURES["max-row-product"].bound(summary, 3) == pytest.approx(expected, rel=1e-5)


def test_the_bound_of_the_frobenius_norms(summary):
    """The last factor is the l2 norm of the largest image, (-1, 1), over the root of n."""
    complexity = 2 * math.sqrt(26) * math.sqrt(5) * (math.sqrt(2) / math.sqrt(3))
    expected = 0.1 + 4 * 2 / GAMMA * complexity + math.sqrt(math.log(20) / 6)
    assert frobenius_bound(summary, 3) == pytest.approx(expected, rel=1e-5)


def test_the_ratt_bound():
    """All three images are given class 0: one error in two with their own label, one in one."""
    images, initial = torch.tensor(IMAGES).view(3, 1, 1, 2), network(IDENTITY, IDENTITY)
    labels, replaced = torch.tensor([0, 1, 1]), torch.tensor([False, False, True])
    recipe = paper_recipe("mlp-1x2", "digits", "corrupted-0.5", train_size=3)
    of = Network(
        recipe, network(*WEIGHTS), images, labels, initial.state_dict(), replaced, 2 / 3, 0.5
    )
    expected = 1 / 2 + 1 - 2 * 1
    slack = (math.sqrt(2) * 1 + 2 + 1 / (2 * 2)) * math.sqrt(math.log(4 / 0.05) / 1)
    assert built_in(MEASURES["ratt"], of) == pytest.approx((expected, expected + slack))


def test_the_ratt_bound_of_ten_classes():
    """Of 300 images 100 have random labels: 80 % of these are not fitted, and 4 % of the others."""
    part = {"images": 100, "error": 0.8, "error of others": 0.04}
    summary = {"random part": part, "layers": [{"shape": [10, 5]}]}
    slack = (20 + math.sqrt(10) + 100 / (200 * math.sqrt(10))) * math.sqrt(math.log(80) / 200)
    assert ratt_bound(summary, 300) == pytest.approx(0.04 + 9 - 10 * 0.8 + slack)


def under_noise(first, second, bias, images):
    """The summary of a network whose first layer was trained from zero; the label is 0."""
    hidden, inputs = first.shape
    model = nn.Sequential(nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, 2))
    values = {"1.weight": first, "1.bias": torch.zeros(hidden), "3.weight": second, "3.bias": bias}
    model.load_state_dict(values)
    initial = copy.deepcopy(model)
    nn.init.zeros_(initial[1].weight)
    labels = torch.zeros(len(images), dtype=torch.long)
    return summarise_network(initial, model, images[:, None, None], labels, model, seed=0)


def test_pac_bayes_of_a_network_whose_errors_under_noise_are_known():
    """2,000 images, each seen by one weight of a hidden unit, 0.02.

    An image is right where that weight is above zero: under noise s with probability Phi(0.02 / s).
    The noise on the other weights moves this by 0.4 points at most.
    """
    n, weight = 2_000, 0.02
    second = torch.tensor([[1_000.0], [0.0]])
    summary = under_noise(
        torch.full((1, n), weight), second, torch.tensor([0.0, 0.5]), 100 * torch.eye(n)
    )
    scales = (0.001, 0.003, 0.01, 0.03, 0.1)
    right = [NormalDist().cdf(weight / s) for s in scales]
    chance = 4 * math.sqrt(0.25 / (3 * n))
    found = [it["accuracy"] for it in summary["noise"]["absolute"].values()]
    assert found == pytest.approx(right, abs=chance)
    assert right[2] > 0.9 > right[3]
    moved = n * weight**2
    assert MEASURES["pac-bayes"].value(summary) == pytest.approx(moved / (2 * 0.01**2), rel=1e-5)
    confidence = math.log(2 * 5 * math.sqrt(n) / 0.05)
    bounds = [
        1 - share + math.sqrt((moved / (2 * s**2) + confidence) / (2 * n))
        for s, share in zip(scales, right, strict=True)
    ]
    assert pac_bayes_bound(summary, n) == pytest.approx(min(bounds), abs=chance)
    assert min(bounds) == bounds[4] < bounds[3] - 2 * chance


def test_sharpness_of_a_network_whose_loss_under_noise_is_known():
    """Each of 10,000 hidden units sees 100 - 100, and adds to the wrong class, by 1/100.

    Noise of a tenth makes that N(0, 200), whose positive part has the mean 10 / sqrt(pi). So large
    a logit is the loss; without noise it is that of a guess.
    """
    units = 10_000
    first = torch.tensor([[100.0, -100.0]]).repeat(units, 1)
    second = torch.tensor([[0.0], [0.01]]).repeat(1, units)
    summary = under_noise(first, second, torch.zeros(2), torch.ones(1, 2))
    expected = units * 0.01 * 10 / math.sqrt(math.pi) - math.log(2)
    chance = 4 * math.sqrt(math.pi - 1 + math.pi / 100) / math.sqrt(3 * units)
    assert MEASURES["sharpness"].value(summary) == pytest.approx(expected, rel=chance)


@pytest.mark.parametrize("name", ["spectral", "max-row-product"])
def test_without_a_margin_what_divides_by_it_is_infinite(summary, name):
    measure = MEASURES[name]
    without = {**summary, "margins": {**summary["margins"], "10": 0.0}}
    found = measure.bound(without, 3) if measure.bound else measure.value(without)
    assert found == math.inf


def test_noise_that_leaves_nothing_right_is_infinite():
    none = {"parameters": {"distance l2": 5.0}, "noise": {"absolute": {"0.1": {"accuracy": 0.5}}}}
    assert MEASURES["pac-bayes"].value(none) == math.inf
