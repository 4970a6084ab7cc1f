"""Samples of images as vectors of float64, for the measures that do not train."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from harness.training.inputs import prepared_data
from harness.training.recipe import Recipe


def image_points(recipe: Recipe, root: Path | None = None) -> np.ndarray:
    """The sample of a recipe, (n, d): the images that it trains on, whitened, pixel by pixel."""
    data = prepared_data(recipe, root, "cpu", "fp32")
    return data.train_images.flatten(1).double().numpy()


def labelled_points(
    recipe: Recipe, root: Path | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sample (n, d) and its labels, -1 and 1; as many left out (m, d) and theirs."""
    data = prepared_data(replace(recipe, keep_answers=True), root, "cpu", "fp32")
    sample, left_out = (images.flatten(1).double().numpy() for images in data.probes)
    signs = 2.0 * data.probe_labels.numpy() - 1
    return sample, signs[: len(sample)], left_out, signs[len(sample) :]
