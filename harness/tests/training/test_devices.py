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
from harness.training.steps import advance, batches_of

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


class UnfusedSGD(torch.optim.SGD):
    """The fused form has no version without content; this one would read a rate on the device."""

    def __init__(self, parameters, lr, fused, **others):
        super().__init__(parameters, lr=0.1, **others)
        for group in self.param_groups:
            group["lr"] = lr

    def step(self):
        if not isinstance(self.param_groups[0]["lr"], torch.Tensor):
            super().step()


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
    monkeypatch.setattr(torch.optim, "SGD", UnfusedSGD)
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    for name in ("digest", "digest_of_bits"):
        monkeypatch.setattr(streams, name, lambda tensors: "")
    for module in ("loop", "group"):
        monkeypatch.setattr(f"harness.training.{module}.own_stream", lambda device: None)
    with FakeTensorMode():
        yield trained.append


@pytest.fixture
def captured_at_once(monkeypatch):
    """A capture of a CUDA graph does the work once, a replay nothing: images of each capture."""
    sizes = []
    monkeypatch.setattr("harness.training.steps.WARM_UP", 1)

    def capture(work, *inputs):
        sizes.append(inputs[-1].shape[-1])
        return lambda: None, list(inputs), list(work(*inputs))

    monkeypatch.setattr("harness.training.steps.capture", capture)
    return sizes


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


@pytest.mark.parametrize("model", ["alexnet", "inception", "mlp-1x512"])
def test_what_a_graph_captures_reads_nothing_back(fake_gpu, captured_at_once, model):
    """A tensor without content has no value to read, as a tensor that is being captured."""
    recipe = Recipe(model=model, dataset="cifar10", train_size=40, batch_size=16, decay_every=3)
    training = Training(recipe, data(recipe), replace(GPU, steps="graph"))
    fake_gpu(training.model.parameters)
    training.model.train()
    order = training.next_order().to("cuda")
    for _ in range(3):
        for batch in batches_of(order, recipe.batch_size, training.together):
            training.step(batch)
    whole = 2 if MODELS[model].hidden is not None else 1
    assert captured_at_once == [16 * whole, 8]


def test_a_step_of_a_group_stays_on_its_device(fake_gpu, captured_at_once):
    recipe = tiny_recipe(precision="bf16")
    recipes = [recipe, replace(recipe, seed=1)]
    group = GroupTraining(recipes, [data(recipe)] * 2, replace(GPU, steps="graph"))
    group._stack([0, 1])
    fake_gpu(lambda: group.parameters)
    orders = torch.stack([member.next_order() for member in group.members]).to("cuda")
    for _ in range(3):
        losses, guesses = group.graphs(group._steps, orders)
        advance(group.schedule, len(losses))
    assert losses.device.type == guesses.device.type == "cuda"
    assert losses.shape == (2, 2) and guesses.shape == orders.shape


def test_kernels_and_features_stay_on_their_device(fake_gpu):
    points = torch.empty(40, 12, device="cuda")
    block = GaussianKernel(0.1).block(points, points[:8])
    triangle = Triangle(40, device="cuda", height=16)
    triangle.add_products(points)
    triangle.add_to_diagonal(1.0)
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
