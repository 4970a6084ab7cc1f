"""What computes on a GPU keeps all of its tensors there: tried without one.

Under FakeTensorMode tensors have shapes and a device and no content, and mixing devices raises.
PyTorch's backward pass cannot run so without a driver, and is replaced: it has no code of ours.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from harness.data import streams
from harness.data.prepare import TrainingData
from harness.linear.convnet import RandomLayer
from harness.linear.gabor import gabor_features
from harness.linear.kernels import GaussianKernel
from harness.linear.machine import kernel_product
from harness.linear.recipe import GaborBank
from harness.linear.triangle import Triangle
from harness.models.registry import MODELS
from harness.tests.training_helpers import tiny_recipe
from harness.training.backend import Backend
from harness.training.group import GroupTraining
from harness.training.loop import Training
from harness.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("restored_threads")
GPU = Backend("cuda", 1)


def alike(tensor, device):
    return torch.empty(tensor.shape, dtype=tensor.dtype, device=device)


def moved(module, device, **layout):
    """`Module.to`, which cannot exchange a parameter without content: it gets another one."""
    for part in module.modules():
        for name, it in part._parameters.items():
            if it is not None:
                part._parameters[name] = nn.Parameter(alike(it, device))
        for name, it in part._buffers.items():
            part._buffers[name] = alike(it, device)
    return module


@pytest.fixture
def fake_gpu(monkeypatch):
    """Tensors without content; ``fake_gpu(parameters)``: which get gradients by a backward pass."""
    trained = []

    def backward(loss):
        assert loss.device.type == "cuda"
        for parameter in trained[-1]():
            parameter.grad = torch.empty_like(parameter)

    monkeypatch.setattr(torch.Tensor, "backward", backward)
    monkeypatch.setattr(nn.Module, "to", moved)
    sgd = torch.optim.SGD  # Its fused form has no version without content.
    monkeypatch.setattr(torch.optim, "SGD", lambda *its, fused, **others: sgd(*its, **others))
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    for name in ("digest", "digest_of_bits"):
        monkeypatch.setattr(streams, name, lambda tensors: "")
    with FakeTensorMode():
        yield trained.append


def data(recipe):
    n = recipe.images
    pixels = torch.empty(n, 32, 32, 3, dtype=torch.uint8, device="cuda")
    images = torch.empty(n, *recipe.image_shape, device="cuda")
    labels = torch.zeros(n, dtype=torch.int64, device="cuda")
    return TrainingData(
        images,
        labels,
        images,
        labels,
        recipe.classes,
        train_pixels=pixels if recipe.augmentation else None,
    )


NETWORKS = [
    Recipe(model=name, dataset="cifar10", train_size=64, batch_size=16, precision=precision)
    for name in sorted(MODELS)
    for precision in ("bf16", "fp32")
]
VARIANTS = [
    Recipe(model="alexnet", dataset="cifar10", train_size=64, batch_size=16, **changes)
    for changes in (
        {"augmentation": ("random crop",)},
        {"augmentation": ("flip", "rotation")},
        {"dropout": 0.5},
        {"rank_batch": 8},
        {"redraw": "inputs each access", "inputs": "gaussian"},
        {"weight_decay": (("hidden dense layers", 0.004),)},
    )
]


@pytest.mark.parametrize("recipe", NETWORKS + VARIANTS, ids=lambda it: f"{it}, {it.precision}")
def test_a_step_of_training_stays_on_its_device(fake_gpu, recipe):
    training = Training(recipe, data(recipe), GPU)
    fake_gpu(training.model.parameters)
    training.model.train()
    for batch in training.next_order().to("cuda").split(recipe.batch_size):
        loss, guesses = training.step(batch)
    assert loss.device.type == guesses.device.type == "cuda"
    training.model.eval()
    assert training.logits(training.data.test_images).device.type == "cuda"


def test_a_step_of_a_group_stays_on_its_device(fake_gpu):
    recipe = tiny_recipe(precision="bf16")
    recipes = [recipe, replace(recipe, seed=1)]
    group = GroupTraining(recipes, [data(recipe)] * 2, GPU)
    group._stack([0, 1])
    fake_gpu(lambda: group.parameters)
    orders = torch.stack([member.next_order() for member in group.members]).to("cuda")
    losses, guesses = group._step(orders[:, : recipe.batch_size])
    assert losses.device.type == guesses.device.type == "cuda"


def test_kernels_and_features_stay_on_their_device(fake_gpu):
    points = torch.empty(40, 12, device="cuda")
    block = GaussianKernel(0.1).block(points, points[:8])
    triangle = Triangle(40, device="cuda", height=16)
    triangle.add_products(points)
    triangle.copy().add_to_diagonal(1.0)
    product = kernel_product(GaussianKernel(0.1), points, points.double(), 0.1)
    images = torch.empty(3, 1, 9, 9, dtype=torch.uint8)
    weight, offset = torch.empty(6, 16, device="cuda"), torch.empty(6, 1, device="cuda")
    features = RandomLayer(weight, offset, 4, 0.25).features(images, 0, 6)
    wavelets = gabor_features(GaborBank(), images.to("cuda"))
    for it in (block, product, features, wavelets):
        assert it.device.type == "cuda"


def test_tensors_of_two_devices_are_noticed(fake_gpu):
    """The tests above can fail."""
    recipe = tiny_recipe()
    there = data(recipe)
    training = Training(recipe, replace(there, train_labels=there.train_labels.to("cpu")), GPU)
    fake_gpu(training.model.parameters)
    with pytest.raises(RuntimeError, match="same device"):
        training.step(training.next_order()[:4].to("cuda"))
