"""The paper's networks: numbers of parameters, shapes, initialisation, normalisation."""

import pytest
import torch
from torch import nn
from torch.nn.functional import local_response_norm

from harness.data.streams import stream
from harness.errors import HarnessError, UnknownName
from harness.models import MODELS, model_spec
from harness.models.alexnet import LocalResponseNorm
from harness.models.building import (
    build_model,
    trainable_parameters,
)
from harness.models.inception import ShiftBatchNorm2d

NETWORKS = [*MODELS, "mlp-2x64"]
CONVOLUTIONAL = ["inception", "inception-without-batchnorm", "alexnet"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Small tensors gain nothing from a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def built(name: str, shape=(3, 8, 8), classes: int = 10, seed: int = 0) -> nn.Module:
    return build_model(name, shape, classes, stream(seed, "initialization"))


def layers(model: nn.Module, kind) -> list[nn.Module]:
    return [layer for layer in model.modules() if isinstance(layer, kind)]


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    [
        ("linear", (3, 28, 28), 2_352 * 10 + 10),
        ("mlp-2x64", (3, 28, 28), 2_352 * 64 + 64 + 64 * 64 + 64 + 640 + 10),
        ("alexnet", (3, 8, 8), 1_387_786 - (49 - 4) * 64 * 384),
        ("inception", (3, 8, 8), 1_649_402),
        ("inception", (1, 28, 28), 1_649_402 - 2 * 9 * 96),
        ("mlp-1x512", (1, 28, 28), 784 * 512 + 512 + 5_130),
    ],
)
def test_the_number_of_trainable_parameters(name, shape, parameters):
    """Counted by hand; A-params compares those of Table 1."""
    assert trainable_parameters(name, shape) == parameters


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 28, 28), (2, 9, 5)])
def test_any_image_becomes_one_logit_a_class(name, shape):
    model = built(name, shape, classes=7).eval()
    assert model(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("name", CONVOLUTIONAL)
@pytest.mark.parametrize("size", [(3, 8), (8, 1)])
def test_too_small_images_are_refused(name, size):
    with pytest.raises(HarnessError, match=f"{size[0]}x{size[1]} is too small, give .*4x4 or more"):
        built(name, (3, *size))
    assert built(name, (3, 4, 4)).eval()(torch.zeros(1, 3, 4, 4)).shape == (1, 10)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("inceptoin", "inception"),
        ("mlp-3x51a", "mlp-3x512"),
        ("mlp-0x512", "mlp-[13]x512"),
    ],
)
def test_an_unknown_network_is_refused_with_the_nearest_names(name, nearest):
    message = f"unknown model '{name}'; nearest: .*{nearest}.*; known: inception, .*mlp-DEPTHxWIDTH"
    with pytest.raises(UnknownName, match=message):
        model_spec(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_come_from_the_generator_alone(name):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = built(name).state_dict()
    assert torch.equal(torch.get_rng_state(), before), "the global generator advanced"
    torch.manual_seed(2)
    again, other = built(name).state_dict(), built(name, seed=1).state_dict()
    assert all(torch.equal(one[key], again[key]) for key in one)
    weights = [key for key in one if one[key].ndim > 1]
    assert weights and not any(torch.equal(one[key], other[key]) for key in weights)


@pytest.mark.parametrize("name", NETWORKS)
def test_biases_have_the_stated_values(name):
    model = built(name)
    biases = [p for key, p in model.named_parameters() if key.endswith("bias")]
    stated = [0, 0.1, 0.1, 0.1, 0] if name == "alexnet" else [0] * len(biases)
    for bias, value in zip(biases, stated, strict=True):
        torch.testing.assert_close(bias, torch.full_like(bias, value))


@pytest.mark.parametrize("name", ["inception", "mlp-3x512"])
def test_glorot_weights_are_uniform_in_their_range(name):
    for layer in layers(built(name), nn.Conv2d | nn.Linear):
        fan = (layer.weight.shape[0] + layer.weight.shape[1]) * layer.weight[0, 0].numel()
        bound = (6 / fan) ** 0.5
        assert 0.9 * bound < layer.weight.abs().max() <= bound * 1.0001


def test_inception_without_batchnorm_has_standardised_filters():
    for layer in layers(built("inception-without-batchnorm"), nn.Conv2d):
        weight, fan_in = layer.weight.detach(), layer.weight[0].numel()
        torch.testing.assert_close(weight.sum((1, 2, 3)), torch.zeros(len(weight)))
        # 1.713 is the gain of a ReLU. With 2,592 weights in the smallest layer, six standard
        # deviations of their std are 8 %.
        assert weight.std().item() == pytest.approx(1.713 / fan_in**0.5, rel=0.09)


def test_alexnets_weights_are_the_tutorials_truncated_normals():
    model = built("alexnet", (3, 28, 28))
    stds = [0.05, 0.05, 0.04, 0.04, 1 / 192]
    for layer, std in zip(layers(model, nn.Conv2d | nn.Linear), stds, strict=True):
        assert 1.8 * std < layer.weight.abs().max() <= 2 * std
        # A normal cut at two standard deviations keeps 0.880 of its std.
        assert layer.weight.std().item() == pytest.approx(0.880 * std, rel=0.06)


def test_batchnorm_has_a_shift_and_no_scale():
    norm = ShiftBatchNorm2d(4)
    assert [name for name, _ in norm.named_parameters()] == ["bias"]
    assert "weight" not in norm.state_dict()
    x = 3 + 2 * torch.randn(8, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        norm.bias.copy_(torch.arange(4.0))
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    expected = (x - mean[:, None, None]) / (variance + 0.001).sqrt()[:, None, None]
    torch.testing.assert_close(norm(x), expected + torch.arange(4.0)[:, None, None])


def test_batchnorm_follows_every_convolution_or_none():
    with_norm, without = built("inception"), built("inception-without-batchnorm")
    convolutions = layers(with_norm, nn.Conv2d)
    assert len(layers(with_norm, ShiftBatchNorm2d)) == len(convolutions) == 19
    assert all(layer.bias is None for layer in convolutions)
    assert not layers(without, nn.BatchNorm2d)
    assert all(layer.bias is not None for layer in layers(without, nn.Conv2d))


@pytest.mark.parametrize("channels", [1, 5, 64])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_response_normalisation_equals_pytorchs(channels, layout):
    x = 20 * torch.randn(2, channels, 4, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = (x.clone().contiguous(memory_format=layout).requires_grad_() for _ in range(2))
    result = LocalResponseNorm(channels)(ours)
    expected = local_response_norm(theirs, size=9, alpha=0.001, beta=0.75, k=1.0)
    torch.testing.assert_close(result, expected)
    assert (result - x).abs().max() > 0.1, "too weak a signal to see the normalisation"
    result.square().sum().backward()
    expected.square().sum().backward()
    # Sums of products in another order: a few units in the last place of float32.
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=2e-5, atol=1e-4)
