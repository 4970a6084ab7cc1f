"""The randomisation tests of section 2.1, as pure functions: same generator state, same result.

Labels: true, partially corrupted, random. Inputs: true, shuffled pixels, random pixels, Gaussian.
Not said in the paper, and chosen here: pixels are permuted after the crop, the channels of a pixel
move together, and the Gaussian has one mean and one variance for the whole dataset.
"""

import torch


def corrupt_labels(
    labels: torch.Tensor, share: float, classes: int, generator: torch.Generator
) -> torch.Tensor:
    """Replace each label independently, with probability ``share``, by a uniform class.

    The uniform class may be the true one. 0 leaves the labels as they are, 1 makes them random.
    """
    replaced = torch.rand(len(labels), generator=generator) < share
    uniform = torch.randint(classes, (len(labels),), generator=generator)
    return torch.where(replaced, uniform, labels)


def random_labels(labels: torch.Tensor, classes: int, generator: torch.Generator) -> torch.Tensor:
    """A uniform class for every image, whatever its true label."""
    return corrupt_labels(labels, 1.0, classes, generator)


def pixel_permutation(height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """The one permutation of places (H * W,) that shuffled pixels apply to every image."""
    return torch.randperm(height * width, generator=generator)


def shuffled_pixels(images: torch.Tensor, permutation: torch.Tensor) -> torch.Tensor:
    """The same permutation of places for all images (N, C, H, W), training and test alike."""
    return images.flatten(2)[:, :, permutation].view(images.shape)


def random_pixels(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A new permutation of places for each image (N, C, H, W)."""
    flat = images.flatten(2)
    places = torch.rand(flat.shape[0], flat.shape[2], generator=generator).argsort(dim=1)
    places = places.to(images.device)[:, None, :].expand_as(flat)
    return flat.gather(2, places).view(images.shape)


def gaussian(
    images: torch.Tensor, mean: float, std: float, generator: torch.Generator
) -> torch.Tensor:
    """Noise of the images' shape, from a normal with the mean and std of the dataset."""
    noise = torch.empty(images.shape, dtype=torch.float32).normal_(mean, std, generator=generator)
    return noise.to(images.device, images.dtype)
