"""Networks built by name, their weights drawn from a generator; their parameters counted."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from harness.errors import NetworkError
from harness.models.alexnet import LocalResponseNorm, SmallAlexnet
from harness.models.custom import make_custom, one_line, seeded
from harness.models.inception import SmallInception
from harness.models.inception_v3 import InceptionV3
from harness.models.mlp import MLP
from harness.models.registry import ImageShape, Options, model_spec

MAKERS: dict[str, Callable[..., nn.Module]] = {
    "inception": SmallInception,
    "inception-without-batchnorm": partial(SmallInception, batch_norm=False),
    "alexnet": SmallAlexnet,
    "inception-v3": InceptionV3,
}
"""Called with the images' shape, the number of classes, and perhaps more arguments by name."""


def make_network(name: str, shape: ImageShape, classes: int, **arguments: Any) -> nn.Module:
    """One of the paper's networks, before its weights are drawn; raises UnknownName."""
    hidden = model_spec(name).hidden
    if hidden is not None:
        return MLP(shape, classes, **({"hidden": hidden} | arguments))
    return MAKERS[name](shape, classes, **arguments)


def build_model(
    name: str,
    shape: ImageShape,
    classes: int,
    generator: torch.Generator,
    options: Options = (),
    auxiliary: bool = False,
) -> nn.Module:
    """The network ``name`` for images of ``shape``, its weights drawn from ``generator`` (CPU).

    ``options`` are the arguments of a custom network. ``auxiliary`` asks for an auxiliary
    classifier, where the network can have one.
    """
    if model_spec(name, options).custom:
        with seeded(generator):
            return _with_all_parameters(make_custom(name, options, shape, classes), shape, name)
    with torch.random.fork_rng(devices=[]):
        # PyTorch's constructors draw from the global generator; those draws are overwritten.
        model = make_network(name, shape, classes, **({"auxiliary": True} if auxiliary else {}))
    model.initialize(generator)  # type: ignore[operator]  # All of ours have this method.
    return model


def _with_all_parameters(model: nn.Module, shape: ImageShape, name: str) -> nn.Module:
    """The network with its lazy layers made, which takes a first batch of images."""
    if any(is_lazy(parameter) for parameter in model.parameters()):
        try:
            with torch.no_grad():
                model.eval()(torch.zeros(2, *shape))
        except Exception as error:
            channels, height, width = shape
            raise NetworkError(
                f"{name} raises on images of {height}x{width} in {channels} channels, with which"
                f" its lazy layers are made: {one_line(error)}; give it others with --image-size"
            ) from error
    return model


PAPER_SHAPE: ImageShape = (3, 28, 28)
PAPER_CLASSES = 10
ONE_UNIT_WIDER: dict[str, dict[str, Any]] = {
    "inception": {"stem": 97},
    "inception-without-batchnorm": {"stem": 97},
    "alexnet": {"filters": (65, 64)},
    "mlp-3x512": {"hidden": (513, 512, 512)},
    "mlp-1x512": {"hidden": (513,)},
}
"""Arguments that give a network one unit more in its first layer."""


def trainable_parameters(
    name: str, shape: ImageShape = PAPER_SHAPE, classes: int = PAPER_CLASSES
) -> int:
    """The number of trainable parameters of the network ``name``; raises UnknownName."""
    return _count(make_network(name, shape, classes))


def trainable_parameters_one_unit_wider(name: str) -> int:
    """The same for one unit more in the first layer: the control of A-params."""
    return _count(make_network(name, PAPER_SHAPE, PAPER_CLASSES, **ONE_UNIT_WIDER[name]))


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def normalized_responses(size: float) -> list[float]:
    """Alexnet's local response normalisation of 16 channels that all hold ``size``.

    Its constants show in no loss at the start of training, so a baseline pins them here.
    """
    return LocalResponseNorm(16)(torch.full((1, 16, 1, 1), float(size))).flatten().tolist()
