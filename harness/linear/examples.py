"""The examples of a solve: images drawn by the seed, their features, their labels."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from harness.data.randomization import corrupt_labels
from harness.data.sources import load
from harness.data.streams import LABELS, SUBSET, stream
from harness.linear.gabor import gabor_features
from harness.linear.interpolation import pseudo_inverse_solution
from harness.linear.outcome import Fit, packed
from harness.linear.recipe import ConvNetRecipe, GaborBank, KernelRecipe, Pixels


@dataclass(frozen=True)
class Examples:
    """Images uint8 (n, C, H, W), labels int64 (n,); test labels are always true."""

    images: torch.Tensor
    labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: int

    def corrupted(self, share: float, seed: int) -> torch.Tensor:
        """Training labels, each replaced with that probability; a stream for each probability."""
        draw = stream(seed, f"{LABELS} {share:g}")
        return corrupt_labels(self.labels, share, self.classes, draw)

    def one_hot(self, labels: torch.Tensor) -> torch.Tensor:
        """Labels (n,) to targets (n, classes), float32."""
        return torch.eye(self.classes)[labels]

    def score(
        self,
        name: str,
        labels: torch.Tensor,
        fitted: torch.Tensor,
        outputs: torch.Tensor,
        norm: float,
    ) -> Fit:
        """The figures of a model with outputs ``fitted`` (n, classes) on training images that have
        these ``labels``, and ``outputs`` (m, classes) on test images.
        """
        fitted = fitted.cpu()
        right = outputs.argmax(1).cpu() == self.test_labels
        return Fit(
            label=name,
            train_correct=int((fitted.argmax(1) == labels).sum()),
            train_total=len(labels),
            test_correct=int(right.sum()),
            test_total=len(right),
            right=packed(right.tolist()),
            norm=norm,
            worst_error=float((fitted - self.one_hot(labels)).abs().max()),
        )


def examples(recipe: KernelRecipe | ConvNetRecipe, root: Path | None) -> Examples:
    """The recipe's training and test images, or training and held-out images.

    Raises DataError if the dataset is missing or damaged.
    """
    data = load(recipe.dataset, root)
    order = torch.randperm(len(data.train_labels), generator=stream(recipe.seed, SUBSET))
    held, kept = order[: recipe.held_out], order[recipe.held_out :][: recipe.images]
    kept = kept.sort().values
    test_images, test_labels = data.test_images, data.test_labels
    if recipe.held_out:
        test_images, test_labels = data.train_images[held], data.train_labels[held]
    return Examples(
        data.train_images[kept],
        data.train_labels[kept],
        test_images,
        test_labels,
        data.spec.classes,
    )


def kernel_points(spec: Pixels | GaborBank, images: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Features, for a Gaussian kernel, in a unit, and that unit: pixels stay whole numbers."""
    if isinstance(spec, Pixels):
        return images.flatten(1).float(), 1 / 255
    return features(spec, images), 1.0


@lru_cache(maxsize=2)
def kept_points(
    spec: Pixels | GaborBank, images: torch.Tensor, device: str
) -> tuple[torch.Tensor, float]:
    """`kernel_points` of test images, which all solves on a data set share."""
    return kernel_points(spec, images.to(device))


def features(spec: Pixels | GaborBank, images: torch.Tensor) -> torch.Tensor:
    """Images uint8 (n, C, H, W) to features float32 (n, d)."""
    if isinstance(spec, GaborBank):
        return gabor_features(spec, images)
    return images.flatten(1).float().div_(255)


def least_squares_on_pixels(
    recipe: KernelRecipe | ConvNetRecipe, root: Path | None = None
) -> list[bool]:
    """Which test images the minimum-norm least-squares fit to a recipe's examples gets wrong.

    Pixels / 255 and a constant, one-hot targets, no ridge.
    """
    data = examples(recipe, root)

    def rows(images: torch.Tensor) -> np.ndarray:
        values = features(Pixels(), images).double().numpy()
        return np.hstack([np.ones((len(values), 1)), values])

    weights = pseudo_inverse_solution(rows(data.images), data.one_hot(data.labels).double().numpy())
    outputs = rows(data.test_images) @ weights
    return (outputs.argmax(1) != data.test_labels.numpy()).tolist()
