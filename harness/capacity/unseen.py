"""Images that nobody can load: a measure of complexity cannot find the test set by itself.

Each class is a few blends of digits; an image of it varies about one of them as digits of one class
vary. So the images have the covariances of digits, between classes and within, and what a class
looks like is known by its training images alone. Digits under a secret rotation would not do: their
distances to one another give the rotation away. Each seed has classes of its own, so that one
network's training images are no test set for another.
"""

from dataclasses import replace

import torch

from harness.data.prepare import TrainingData
from harness.data.preprocessing import whiten
from harness.data.streams import stream

BLENDS = 40
"""Of all classes together: four each for ten classes."""


def unseen_images(data: TrainingData, whole: TrainingData, seed: int) -> TrainingData:
    """``data`` with images of its labels' classes drawn anew; labels, random or true, stay.

    ``whole`` has the images (m, C, H, W) to blend, with the labels of all their classes. Who knows
    ``seed`` can draw classes and images again.
    """
    images = whole.train_images.flatten(1)
    of_class = torch.stack(
        [images[whole.train_labels == it].mean(0) for it in range(whole.classes)]
    )
    between, within = images - images.mean(0), images - of_class[whole.train_labels]

    def drawn(roots: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
        """Gaussian vectors (count, d) with the covariance of ``roots`` (m, d), of mean zero."""
        weights = torch.randn(count, len(roots), generator=generator)
        return weights @ roots / len(roots) ** 0.5

    blends = drawn(between, BLENDS, stream(seed, "blends"))

    def images_of(labels: torch.Tensor, purpose: str) -> torch.Tensor:
        generator = stream(seed, purpose)
        each = BLENDS // data.classes
        chosen = labels * each + torch.randint(each, labels.shape, generator=generator)
        vectors = images.mean(0) + blends[chosen] + drawn(within, len(labels), generator)
        return whiten(vectors.view(len(labels), *data.shape))

    true_labels = data.train_labels if data.true_labels is None else data.true_labels
    return replace(
        data,
        train_images=images_of(true_labels, "blended training images"),
        test_images=images_of(data.test_labels, "blended test images"),
    )
