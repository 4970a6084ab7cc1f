"""Does every prepared image obey appendix A? Checked against NumPy in float64."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from harness.data.catalogue import dataset_spec
from harness.data.prepare import DataSpec, Whitening, prepare
from harness.data.preprocessing import whiten
from harness.data.sources import ImageSet, load
from harness.data.streams import digest


@dataclass(frozen=True)
class PipelineAudit:
    """The worst image's distances from appendix A, in units of the whitened image."""

    images: int
    shape: tuple[int, int, int]
    worst_mean: float
    """Largest |mean|, published 0."""
    worst_std: float
    """Largest distance of a std from min(1, std * sqrt(N)), N the number of values."""
    worst_value: float
    """Largest distance of a value from the formula, with an independent crop."""
    constant_image: float
    """Largest |value| of a constant image, published 0."""


def audit_pipeline(
    dataset: str, root: Path | None = None, whitening: Literal["image", "dataset"] = "image"
) -> PipelineAudit:
    """Prepare all training and test images and compare them with the raw bytes.

    ``dataset`` is a name of the catalogue, or "synthetic" for `synthetic_images`.

    ``whitening="dataset"``, the control, uses one mean and std for all images.
    """
    images = synthetic_images() if dataset == "synthetic" else load(dataset, root)
    one_for_all = _whiten_by_dataset(images.train_images)
    how = whiten if whitening == "image" else one_for_all
    prepared = prepare(images, DataSpec(images.spec.name, None, 28, 0.0, "true", 0), whitening=how)
    means, stds, values_off = [], [], []
    for raw, ready in (
        (images.train_images, prepared.train_images),
        (images.test_images, prepared.test_images),
    ):
        for start in range(0, len(raw), 5_000):
            got = ready[start : start + 5_000].numpy().astype(np.float64)
            cropped = _crop(raw[start : start + 5_000].numpy()) / 255.0
            axes, values = (1, 2, 3), cropped[0].size
            std = cropped.std(axis=axes)
            expected = np.minimum(1.0, std * np.sqrt(values))
            centred = cropped - cropped.mean(axis=axes, keepdims=True)
            formula = centred / np.maximum(std, values**-0.5)[:, None, None, None]
            values_off.append(np.abs(got - formula).max())
            means.append(np.abs(got.mean(axis=axes)).max())
            stds.append(np.abs(got.std(axis=axes) - expected).max())
    constant = how(torch.full((1, *prepared.shape), 0.5))
    return PipelineAudit(
        images=len(images.train_images) + len(images.test_images),
        shape=prepared.shape,
        worst_mean=float(max(means)),
        worst_std=float(max(stds)),
        worst_value=float(max(values_off)),
        constant_image=float(constant.abs().max()),
    )


@dataclass(frozen=True)
class SplitAudit:
    """The split of a data set into training and test images."""

    train_images: int
    test_images: int
    shared: int
    """Test images equal to a training image, byte for byte."""
    label_digests: tuple[str, str]
    """Digests of the training labels and of the test labels, in order."""


def audit_split(dataset: str) -> SplitAudit:
    """Compare all test images with all training images."""
    images = load(dataset)
    train = {image.numpy().tobytes() for image in images.train_images}
    return SplitAudit(
        len(images.train_images),
        len(images.test_images),
        sum(image.numpy().tobytes() in train for image in images.test_images),
        (digest(images.train_labels), digest(images.test_labels)),
    )


def synthetic_images() -> ImageSet:
    """Random images of CIFAR-10's shape, of all contrasts down to none, with bright edges."""
    generator = torch.Generator().manual_seed(0)
    train, count = 256, 320
    contrast = torch.arange(count)[:, None, None, None] % 128
    noise = torch.rand((count, 3, 32, 32), generator=generator)
    pixels = (64 + contrast * noise).to(torch.uint8)
    pixels[:, :, :2], pixels[:, :, :, -2:] = 255, 255
    labels = torch.zeros(count, dtype=torch.int64)
    spec = dataset_spec("cifar10")
    return ImageSet(spec, pixels[:train], labels[:train], pixels[train:], labels[train:], "")


def _crop(pixels: np.ndarray, size: int = 28) -> np.ndarray:
    """The central part; independent of `harness.data.preprocessing.centre_crop`."""
    height, width = pixels.shape[-2:]
    if max(height, width) <= size:
        return pixels
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[:, :, top:, left:][:, :, :size, :size]


def _whiten_by_dataset(raw: torch.Tensor) -> Whitening:
    sample = raw[:2_000].float() / 255
    mean, std = float(sample.mean()), float(sample.std())
    return lambda images: (images - mean) / std
