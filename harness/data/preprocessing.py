"""Appendix A: pixels divided by 255, a crop from the centre, each image whitened alone."""

import torch


def scale(pixels: torch.Tensor) -> torch.Tensor:
    """Bytes (N, C, H, W) -> float32 in [0, 1]."""
    return pixels.to(torch.float32) / 255


def centre_crop(images: torch.Tensor, size: int) -> torch.Tensor:
    """(N, C, H, W) -> (N, C, min(H, size), min(W, size)), cut from the centre."""
    height, width = images.shape[-2:]
    new_height, new_width = min(height, size), min(width, size)
    top, left = (height - new_height) // 2, (width - new_width) // 2
    return images[..., top : top + new_height, left : left + new_width]


def enlarged(images: torch.Tensor, size: int | None) -> torch.Tensor:
    """Float images (N, C, H, W) -> (N, C, size, size), bilinear; unchanged if size is None."""
    if size is None or tuple(images.shape[-2:]) == (size, size):
        return images
    return torch.nn.functional.interpolate(images, (size, size), mode="bilinear")


def whiten(images: torch.Tensor) -> torch.Tensor:
    """Subtract each image's mean, divide by max(its std, 1/sqrt(N)), N its number of values.

    TensorFlow's ``per_image_whitening``, with the population's std. Constant images become zeros.
    (B, C, H, W) -> the same shape.
    """
    centred = images - images.mean(dim=(1, 2, 3), keepdim=True)
    std = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centred / std.clamp(min=images[0].numel() ** -0.5)
