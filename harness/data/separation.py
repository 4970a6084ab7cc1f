"""How far images lie from others of their class (Section 2.1). Does not import torch."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError


def nearest_in_class(images: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """The Euclidean distance (n,) from each image (n, ...) to the nearest other one of its label.

    Raises DataError where a label has a single image.
    """
    from sklearn.neighbors import NearestNeighbors  # Two seconds, which no collection should take.

    images, labels = np.asarray(images), np.asarray(labels)
    distances = np.empty(len(images))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise DataError(
                f"class {label} has a single image, which has no neighbour: take more images"
            )
        points = images[members].reshape(len(members), -1)
        search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points)
        # Without an argument the point itself is not among its neighbours.
        distances[members] = search.kneighbors()[0][:, 0]
    return distances
