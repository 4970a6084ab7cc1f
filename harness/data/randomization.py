"""The randomisation tests of section 2.1, as pure functions: same generator state, same result.

Labels: true, partially corrupted, random. Inputs: true, shuffled pixels, random pixels, Gaussian.
The paper leaves open, and we chose: pixels are permuted after the crop, the channels of a pixel
move together, and the Gaussian has one mean and one variance for the whole data set.
"""

import torch


def corrupt_labels(
    labels: torch.Tensor, share: float, classes: int, generator: torch.Generator
) -> torch.Tensor:
    """Replace each label independently, with probability ``share``, by a uniform class.

    The uniform class may be the true one. 0 leaves the labels as they are, 1 makes them random.
    """
    replaced = replaced_labels(len(labels), share, generator)
    uniform = torch.randint(classes, (len(labels),), generator=generator)
    return torch.where(replaced, uniform, labels)


def replaced_labels(count: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """Which of ``count`` labels (count,) are replaced: the first that `corrupt_labels` draws."""
    return torch.rand(count, generator=generator) < share


def pixel_permutation(height: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """One permutation of the pixels (H * W,), for all images."""
    return torch.randperm(height * width, generator=generator)


def shuffled_pixels(images: torch.Tensor, permutation: torch.Tensor) -> torch.Tensor:
    """The same permutation of pixels for all images (N, C, H, W), training and test alike."""
    return images.flatten(2)[:, :, permutation].view(images.shape)


def random_pixels(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Another permutation of pixels for each image (N, C, H, W)."""
    flat = images.flatten(2)
    order = torch.rand(flat.shape[0], flat.shape[2], generator=generator).argsort(dim=1)
    order = order.to(images.device)[:, None, :].expand_as(flat)
    return flat.gather(2, order).view(images.shape)


def gaussian(
    images: torch.Tensor, mean: float, std: float, generator: torch.Generator
) -> torch.Tensor:
    """Noise of the images' shape, from a normal with the mean and std of the dataset."""
    noise = torch.empty(images.shape, dtype=torch.float32).normal_(mean, std, generator=generator)
    return noise.to(images.device, images.dtype)
