"""From a recipe's words to tensors on the training device: cropped, randomised, whitened, once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from harness.data import randomization as rnd
from harness.data import streams
from harness.data.preprocessing import centre_crop, scale, whiten
from harness.data.sources import ImageSet

Whitening = Callable[[torch.Tensor], torch.Tensor]

CHUNK = 5_000
"""Images at a time: bounds the memory, and is part of the meaning of the noise streams."""


@dataclass(frozen=True)
class DataSpec:
    """The part of a recipe that says what is trained on; see `harness.training.recipe.Recipe`."""

    dataset: str
    train_size: int | None
    crop: int
    label_corruption: float
    inputs: str
    seed: int


@dataclass(frozen=True)
class Prepared:
    """What the training loop sees: whitened images (N, C, H, W), labels (N,), on one device."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width


def prepare(
    images: ImageSet,
    spec: DataSpec,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    whitening: Whitening = whiten,
) -> Prepared:
    """Crop, randomise and whiten; test labels are never touched."""
    train_pixels, train_labels = images.train_images, images.train_labels
    if spec.train_size is not None and spec.train_size < len(train_labels):
        chosen = torch.randperm(
            len(train_labels), generator=streams.stream(spec.seed, streams.SUBSET)
        )[: spec.train_size]
        train_pixels, train_labels = train_pixels[chosen], train_labels[chosen]
    train_labels = rnd.corrupt_labels(
        train_labels,
        spec.label_corruption,
        images.spec.classes,
        streams.stream(spec.seed, streams.LABELS),
    )
    mean, std = _moments(centre_crop(images.train_images, spec.crop))

    def tensor(pixels: torch.Tensor, part: str) -> torch.Tensor:
        pixels = centre_crop(pixels, spec.crop)
        result = torch.empty(pixels.shape, dtype=dtype, device=device, memory_format=memory_format)
        shared = streams.stream(spec.seed, streams.PIXELS)
        permutation = rnd.pixel_permutation(*pixels.shape[-2:], shared)
        own = streams.stream(spec.seed, f"{streams.PIXELS}/{part}")
        for start in range(0, len(pixels), CHUNK):
            chunk = scale(pixels[start : start + CHUNK])
            if spec.inputs == "shuffled pixels":
                chunk = rnd.shuffled_pixels(chunk, permutation)
            elif spec.inputs == "random pixels":
                chunk = rnd.random_pixels(chunk, own)
            elif spec.inputs == "gaussian":
                chunk = rnd.gaussian(chunk, mean, std, own)
            result[start : start + CHUNK] = whitening(chunk)
        return result

    return Prepared(
        tensor(train_pixels, "train"),
        train_labels.to(device),
        tensor(images.test_images, "test"),
        images.test_labels.to(device),
        images.spec.classes,
    )


def redraw_inputs(images: torch.Tensor, inputs: str, generator: torch.Generator) -> torch.Tensor:
    """Fresh noise in place of the fixed one: the broken premise of a control.

    Works on whitened images (B, C, H, W): whitening neither sees the order of the pixels nor the
    mean and scale of the noise.
    """
    if inputs == "gaussian":
        noise = rnd.gaussian(images.float(), 0.0, 1.0, generator)
        return whiten(noise).to(images.dtype)
    return rnd.random_pixels(images, generator)


def _moments(pixels: torch.Tensor) -> tuple[float, float]:
    """Mean and std of all values of the dataset's training images, in [0, 1]."""
    # One pass over a histogram of bytes: exact, and no float copy of the dataset.
    counts = torch.bincount(pixels.flatten().to(torch.int32), minlength=256).double()
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = float((counts * values).sum() / counts.sum())
    variance = float((counts * (values - mean) ** 2).sum() / counts.sum())
    return mean, variance**0.5
