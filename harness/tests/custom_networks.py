"""Custom networks: good ones, weak ones, broken ones."""

import warnings

import torch
from torch import nn


def small_vit(shape, classes):
    """torchvision's vision transformer with patches of 2x2, two layers, 64 dimensions."""
    from torchvision.models import VisionTransformer

    return VisionTransformer(
        image_size=shape[1],
        patch_size=2,
        num_layers=2,
        num_heads=4,
        hidden_dim=64,
        mlp_dim=128,
        num_classes=classes,
    )


class Logistic(nn.Module):
    """Logistic regression."""

    def __init__(self, shape, classes):
        super().__init__()
        channels, height, width = shape
        self.shape, self.classes = shape, classes
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes))

    def forward(self, x):
        return self.layers(x)


def mlp(shape, classes, width=512):
    """As the paper's, with PyTorch's own initialisation."""
    channels, height, side = shape
    inputs = channels * height * side
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, classes)
    )


class WrongSize(Logistic):
    def __init__(self, shape, classes):
        super().__init__(shape, 1000)


class Raises(Logistic):
    def forward(self, x):
        raise ValueError("the patches do not fit")


class RaisesWhenMade(Logistic):
    def __init__(self, shape, classes):
        raise ValueError("no such depth")


class AlwaysDropout(Logistic):
    """Noise that evaluation mode does not switch off."""

    def forward(self, x):
        return super().forward(nn.functional.dropout(x, 0.5, training=True))


class IgnoresInput(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(classes))

    def forward(self, x):
        return self.logits.expand(len(x), -1)


class InPlace(Logistic):
    """Changes the images that it is given."""

    def forward(self, x):
        return super().forward(x.sub_(0.5))


class Leaves(Logistic):
    def forward(self, x):
        raise SystemExit("usage: train.py")


class Warns(Logistic):
    def forward(self, x):
        warnings.warn("this layer is old", DeprecationWarning, stacklevel=1)
        return super().forward(x)


class Unused(Logistic):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.auxiliary = nn.Linear(2, 2)


class Frozen(Logistic):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.requires_grad_(False)


class Detached(Logistic):
    def forward(self, x):
        return super().forward(x).detach()


class Pair(Logistic):
    def forward(self, x):
        return super().forward(x), x


class Probabilities(Logistic):
    def forward(self, x):
        return super().forward(x).softmax(dim=1)


class Classes(Logistic):
    def forward(self, x):
        return super().forward(x).argmax(dim=1)


class Deep(nn.Module):
    """Three unpadded convolutions of 5x5: images of 13x13 at least."""

    def __init__(self, num_classes=10, width=4):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 5),
            nn.Conv2d(width, width, 5),
            nn.Conv2d(width, width, 5),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(width, num_classes),
        )

    def forward(self, x):
        return self.layers(x)


def lazy(classes):
    """Its first layer's size comes with the first images."""
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes))


def with_batch_norm(shape, classes):
    """Cannot train on a batch of one image."""
    return nn.Sequential(nn.Flatten(), nn.LazyBatchNorm1d(), nn.LazyLinear(classes))


def with_dropout(shape, classes):
    """Errs in training long after it has fitted in evaluation."""
    channels, height, side = shape
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * height * side, 64),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(64, classes),
    )


def wants_depth(shape, classes, depth):
    """Asks for an argument that is not known."""
    raise AssertionError("never called without its depth")


def gives_a_number(shape, classes):
    return 3


NOT_CALLABLE = 3


BACKBONE = nn.Linear(192, 8)


def with_a_backbone_of_the_module(shape, classes):
    """Each network of it goes on training the first layer of the last one."""
    return nn.Sequential(nn.Flatten(), BACKBONE, nn.Linear(8, classes))


def drawn_by_its_own_generator(shape, classes):
    """Whatever the seed."""
    network = Logistic(shape, classes)
    generator = torch.Generator()
    generator.seed()
    nn.init.normal_(network.layers[1].weight, generator=generator)
    return network


class RaisesLater(Logistic):
    """Answers on a few batches, and on no more."""

    def forward(self, x):
        self.answered = getattr(self, "answered", 0) + 1
        if self.answered > 3:
            raise ValueError("no more")
        return super().forward(x)


class HalfWritten(torch.autograd.Function):
    """A product whose gradient leaves the first row of the weights as the memory was.

    In bf16 for 16 images, in fp32 for 4.
    """

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight

    @staticmethod
    def backward(ctx, answer):
        x, weight = ctx.saved_tensors
        gradient = torch.empty_like(weight)
        written = (x.t() @ answer.to(x.dtype)).to(weight.dtype)
        rows = slice(int(len(x) == {torch.bfloat16: 16, torch.float32: 4}[x.dtype]), None)
        gradient[rows] = written[rows]
        return None, gradient


class LeavesUnwritten(Logistic):
    """One layer with the fault of `HalfWritten`, in batches of sixteen."""

    def forward(self, x):
        _, layer = self.layers
        return HalfWritten.apply(x.flatten(1), layer.weight.t()) + layer.bias


def of_doubles_by_default(shape, classes):
    torch.set_default_dtype(torch.float64)
    return Logistic(shape, classes)
