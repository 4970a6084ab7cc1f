"""What a network is, by numbers: Table 1's "# params", and constants that no parameter shows."""

from typing import TYPE_CHECKING

from harness.models.registry import ImageShape, model_spec

if TYPE_CHECKING:
    from torch import nn

PAPER_SHAPE: ImageShape = (3, 28, 28)
PAPER_CLASSES = 10


def trainable_parameters(
    name: str, shape: ImageShape = PAPER_SHAPE, classes: int = PAPER_CLASSES
) -> int:
    """The number of trainable parameters of the network ``name``; UnknownName if there is none."""
    return _count(model_spec(name).make(shape, classes))


def trainable_parameters_one_unit_wider(
    name: str,
) -> int:
    """The same network with one unit more in its first layer: the control of A-params."""
    from harness.models.alexnet import SmallAlexnet
    from harness.models.inception import SmallInception
    from harness.models.mlp import MLP

    shape, classes = PAPER_SHAPE, PAPER_CLASSES
    makers = {
        "inception": lambda: SmallInception(shape, classes, stem=97),
        "inception-without-batchnorm": lambda: SmallInception(
            shape, classes, batch_norm=False, stem=97
        ),
        "alexnet": lambda: SmallAlexnet(shape, classes, filters=(65, 64)),
        "mlp-3x512": lambda: MLP(shape, classes, hidden=(513, 512, 512)),
        "mlp-1x512": lambda: MLP(shape, classes, hidden=(513,)),
    }
    return _count(makers[name]())


def _count(model: "nn.Module") -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def normalized_responses(size: float, channels: int = 16) -> list[float]:
    """What Alexnet's local response normalisation makes of channels that all hold ``size``.

    Where training starts it changes nothing that a loss would show: its constants do so here.
    """
    import torch

    from harness.models.alexnet import LocalResponseNorm

    layer = LocalResponseNorm(channels)
    return layer(torch.full((1, channels, 1, 1), float(size))).flatten().tolist()
