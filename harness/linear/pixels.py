"""The linear model on raw pixels, which random filters are held against."""

from pathlib import Path

import numpy as np
import torch

from harness.linear.examples import examples, features
from harness.linear.interpolation import pseudo_inverse_solution
from harness.linear.recipe import ConvNetRecipe, KernelRecipe, Pixels


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
