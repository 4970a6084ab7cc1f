"""A network with its optimiser, precision and random streams: what a step of SGD works on."""

from typing import Any

import torch
from torch import nn

from harness.data import streams
from harness.models import model_spec
from harness.models.building import build_model
from harness.training.backend import Backend
from harness.training.optimizer import make_optimizer
from harness.training.ranks import Ranks, check_share
from harness.training.recipe import Recipe


def image_layout(recipe: Recipe, device: str, precision: str) -> torch.memory_format:
    """channels_last for convolutional networks, but not in fp32 on a GPU.

    cuDNN has fast kernels of that layout for tensor cores alone: bf16, and TF32, which is off.
    """
    slow = device.startswith("cuda") and precision == "fp32"
    convolutional = model_spec(recipe.model).convolutional
    return torch.channels_last if convolutional and not slow else torch.contiguous_format


def initial_network(recipe: Recipe, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """The recipe's network for images of ``shape`` (C, H, W) with its initial weights, on the CPU.

    Raises NetworkError for a custom network that cannot be made.
    """
    generator = streams.stream(recipe.seed, streams.INITIALIZATION)
    options, auxiliary = recipe.model_options, recipe.auxiliary
    return build_model(recipe.model, shape, classes, generator, options, auxiliary)


def output_layer(model: nn.Module) -> nn.Module:
    """The last dense layer of a network, in the order in which its modules were registered."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


class Dropout:
    """Drops each input of a layer with probability ``share`` while the layer is in training mode.

    Srivastava et al. 2014; kept inputs are scaled by 1 / (1 - share). A forward pre-hook of the
    layer. Unlike `torch.nn.Dropout` it draws from ``generator`` on the CPU, so that all devices see
    the same masks and a checkpoint can restore them.
    """

    def __init__(self, share: float, generator: torch.Generator) -> None:
        self.share, self.generator = share, generator
        self.first = ""
        """Hash of the first mask."""

    def __call__(
        self, layer: nn.Module, inputs: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, ...] | None:
        """(B, features) -> the same shape."""
        if not layer.training:
            return None
        (values,) = inputs
        kept = torch.rand(values.shape, generator=self.generator) >= self.share
        self.first = self.first or streams.digest(kept)
        return (values * kept.to(values.device, values.dtype) / (1 - self.share),)


class Learner:
    """The recipe's network on its device, and how it is trained.

    Raises InvalidRecipe where the processes ``ranks`` are too many for the recipe.
    """

    def __init__(
        self,
        recipe: Recipe,
        shape: tuple[int, int, int],
        classes: int,
        backend: Backend,
        ranks: Ranks,
    ) -> None:
        torch.set_num_threads(backend.threads)
        self.recipe, self.backend, self.ranks = recipe, backend, ranks
        self.device = torch.device(backend.device)
        precision = backend.precision(recipe.precision)
        self.autocast = precision == "bf16"
        self.layout = image_layout(recipe, backend.device, precision)
        model = initial_network(recipe, shape, classes)
        check_share(recipe, model, ranks)
        self.initial_digest = streams.digest_of_bits(model.parameters())
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = recipe.batch_norm_momentum
        self.model = model.to(self.device, memory_format=self.layout)
        self.optimizer, self.schedule = make_optimizer(
            recipe,
            self.model.named_parameters(),
            self.device if backend.steps == "graph" else None,
        )
        self.generators = {
            purpose: streams.stream(recipe.seed, purpose) for purpose in streams.DRAWN_IN_TRAINING
        }
        self.dropout = Dropout(recipe.dropout, self.generators[streams.DROPOUT])
        if recipe.dropout:
            output_layer(self.model).register_forward_pre_hook(self.dropout)

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def forward(self, network: nn.Module, images: torch.Tensor) -> Any:
        """What the network, perhaps wrapped, returns for images (B, C, H, W), in the precision."""
        # The cache of cast weights would outlive the step in a CUDA graph.
        graph = self.backend.steps == "graph"
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.autocast, cache_enabled=not graph
        ):
            return network(images)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, C, H, W) -> (B, classes) in float32, in the run's precision and mode."""
        return self.forward(self.model, images).float()
