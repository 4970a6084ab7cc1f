"""Norms of weights against hand-made networks and dense matrices; the summary of a training."""

import math

import pytest
import torch
from torch import nn

from harness.models.inception import SmallInception
from harness.models.mlp import MLP
from harness.training.norms import folded, matrix_norms, path_norms, spectral_norm


def two_layers():
    """Inputs (1, 1, 2), two hidden units, one output: every path can be counted by hand."""
    model = MLP((1, 1, 2), 1, (2,))
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.5]]))
        model[1].bias.fill_(7.0)
        model[3].weight.copy_(torch.tensor([[2.0, -4.0]]))
    return model


def test_norms_of_a_matrix_by_hand():
    found = matrix_norms(two_layers()[1].weight.detach())
    assert found["frobenius"] == pytest.approx(math.sqrt(1 + 4 + 9 + 0.25))
    assert found["l1"] == 6.5
    assert found["1,inf"] == 3.5
    assert found["2,1"] == pytest.approx(math.sqrt(5) + math.sqrt(9.25))


def test_path_norms_by_hand():
    """Paths: 1 * 2, 2 * 2 through the first unit, 3 * 4, 0.5 * 4 through the second."""
    found = path_norms(two_layers(), (1, 1, 2))
    assert found["l1"] == pytest.approx(2 + 4 + 12 + 2)
    assert found["l2"] == pytest.approx(math.sqrt(4 + 16 + 144 + 4))


def test_path_norms_of_a_convolution_and_a_pool_by_hand():
    """Four inputs, a 1x1 convolution by -3, a max-pool over all four, a weight of 2."""
    model = nn.Sequential(
        nn.Conv2d(1, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1, 1)
    )
    with torch.no_grad():
        model[0].weight.fill_(-3.0)
        model[4].weight.fill_(2.0)
    assert path_norms(model, (1, 2, 2)) == pytest.approx({"l1": 4 * 6.0, "l2": math.sqrt(4 * 36)})


def test_path_norms_take_average_pooling_as_a_layer_of_weights():
    """The l2 path norm squares the mean's 1 / positions, as every weight."""
    model = SmallInception((1, 4, 4), 1, batch_norm=False, stem=1, stages=())
    with torch.no_grad():
        model.features[0][0].weight.zero_()
        model.features[0][0].weight[0, 0, 1, 1] = 2.0
        model.classifier.weight.fill_(3.0)
    found = path_norms(model, (1, 4, 4))
    assert found["l1"] == pytest.approx(16 * 2 * 3 / 16)
    assert found["l2"] == pytest.approx(math.sqrt(16 * (2 * 3 / 16) ** 2))


def test_folding_batch_norm_changes_no_answer():
    model = SmallInception((3, 8, 8), 10)
    model.initialize(torch.Generator().manual_seed(0))
    images = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    model.train()(images)
    model.eval()
    torch.testing.assert_close(folded(model)(images), model(images), rtol=1e-4, atol=1e-5)
    assert not any(isinstance(it, nn.BatchNorm2d) for it in folded(model).modules())


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (5, 1, 2), (1, 1, 0)]
)
def test_the_spectral_norm_is_that_of_the_convolution_as_a_matrix(size, stride, padding):
    layer = nn.Conv2d(2, 3, size, stride, padding, bias=False)
    generator = torch.Generator().manual_seed(size)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator))
    units = torch.eye(2 * 6 * 6).view(-1, 2, 6, 6)
    matrix = layer(units).flatten(1).detach()
    expected = float(torch.linalg.matrix_norm(matrix, 2))
    assert spectral_norm(layer, layer.weight, (6, 6)) == pytest.approx(expected, rel=1e-3)
