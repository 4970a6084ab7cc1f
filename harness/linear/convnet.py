"""Features of one convolutional layer with random filters, after Coates & Ng (2012).

Patches are contrast-normalised and whitened, filtered, soft-thresholded both ways, and averaged
over quadrants. In the paper "the filters [are] selected at random instead of with k-means": here
they are whitened random patches of training images, or Gaussian noise, of unit length.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import unfold

from harness.data.streams import stream
from harness.errors import InvalidRecipe
from harness.linear.examples import Examples
from harness.linear.recipe import FEATURES_A_FILTER, ConvNetRecipe

CONTRAST = 10.0
"""Added to a patch's variance, in squared grey levels (Coates, Ng & Lee 2011)."""
WHITENING = 0.1
"""Added to the variances of contrast-normalised patches before they are equalised."""
PATCHES = 20_000
"""Random patches for whitening and filters, at least; four for each filter."""
CHUNK_BYTES = {"cpu": 8e6, "cuda": 1e9}
"""For the responses of one chunk of images: they fit in a cache, or keep a GPU busy."""


@dataclass(frozen=True)
class RandomLayer:
    """Whitening and filters: a response is ``weight @ normalised patch - offset``."""

    weight: torch.Tensor
    """(filters, channels * patch * patch), float32, whitening included."""
    offset: torch.Tensor
    """(filters, 1)."""
    patch: int
    threshold: float

    def features(self, images: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """Images uint8 (n, C, H, W) to features float32 (n, 8 (last - first)) of some filters.

        A filter's eight are neighbours: the excess over the threshold in each quadrant, then the
        excess below minus the threshold.
        """
        weight, offset = self.weight[first:last], self.offset[first:last]
        height, width = (size - self.patch + 1 for size in images.shape[-2:])
        quadrants = _quadrants(height, width).to(weight.device)
        result = torch.empty(len(images), last - first, 2, 4, device=weight.device)
        per_image = 4 * (last - first) * height * width
        step = max(1, int(CHUNK_BYTES[weight.device.type] / per_image))
        for start in range(0, len(images), step):
            patches = self.patches(images[start : start + step].to(weight.device))
            response = torch.matmul(weight, patches).sub_(offset)
            # mean(max(r, t)) - t equals mean(max(r - t, 0)), and saves a pass.
            above = torch.matmul(response.clamp(min=self.threshold), quadrants)
            below = torch.matmul(response.clamp_(max=-self.threshold), quadrants)
            result[start : start + step, :, 0] = above - self.threshold
            result[start : start + step, :, 1] = -self.threshold - below
        return result.flatten(1)

    def patches(self, images: torch.Tensor) -> torch.Tensor:
        """Contrast-normalised patches (n, channels * patch * patch, positions)."""
        return _normalised(unfold(images.float(), self.patch))


def random_layer(recipe: ConvNetRecipe, data: Examples, device: str) -> RandomLayer:
    """Whitening from random patches of the training images, and the largest number of filters."""
    draw = stream(recipe.seed, "random filters")
    channels, height, width = data.images.shape[1:]
    most, side = max(recipe.filters), recipe.patch
    count = max(PATCHES, 4 * most)
    which = torch.randint(len(data.images), (count,), generator=draw)
    top = torch.randint(height - side + 1, (count,), generator=draw)
    left = torch.randint(width - side + 1, (count,), generator=draw)
    corner = (which * channels * height + top) * width + left
    pixels = torch.arange(channels * height * width).view(channels, height, width)
    cut = data.images.flatten()[corner[:, None] + pixels[:, :side, :side].flatten()]
    patches = _normalised(cut.float()[..., None])[..., 0]
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(patches.mT.double()))
    whitening = (vectors * (values.clamp(min=0) + WHITENING).rsqrt()) @ vectors.mT
    whitening = whitening.float()
    if recipe.source == "patches":
        filters = (patches[_distinct(patches, most)] - mean) @ whitening
    else:
        filters = torch.randn(most, patches.shape[1], generator=draw)
    filters /= filters.norm(dim=1, keepdim=True).clamp(min=1e-6)
    weight = filters @ whitening
    offset = weight @ mean[:, None]
    return RandomLayer(weight.to(device), offset.to(device), side, recipe.threshold)


def _distinct(patches: torch.Tensor, most: int) -> torch.Tensor:
    """Indices of the first ``most`` different patches: equal filters make a singular system.

    Patches without contrast are left out: they are all alike.
    """
    seen: dict[bytes, int] = {}
    for index, patch in enumerate(patches.numpy()):
        if len(seen) == most:
            break
        if patch.any():
            seen.setdefault(patch.tobytes(), index)
    if len(seen) < most:
        raise InvalidRecipe(
            f"{most} filters, but among {len(patches):,} patches only {len(seen):,} differ;"
            " take fewer filters, larger patches, or Gaussian filters"
        )
    return torch.tensor(list(seen.values()))


def _normalised(patches: torch.Tensor) -> torch.Tensor:
    """Patches (n, size, positions): mean 0, variance nearly 1 unless there is little contrast."""
    centred = patches - patches.mean(1, keepdim=True)
    return centred / (centred.square().mean(1, keepdim=True) + CONTRAST).sqrt()


def _quadrants(height: int, width: int) -> torch.Tensor:
    """(positions, 4): weights that average over each quadrant."""
    down = torch.arange(height) >= (height + 1) // 2
    right = torch.arange(width) >= (width + 1) // 2
    quadrant = (2 * down[:, None] + right[None, :]).flatten()
    member = torch.nn.functional.one_hot(quadrant, 4).float()
    return member / member.sum(0)


def columns_of(filters: int) -> int:
    """Number of features of so many filters, with the constant."""
    return FEATURES_A_FILTER * filters + 1
