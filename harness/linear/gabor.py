"""A bank of Gabor wavelets: magnitudes of the filtered image, averaged over squares.

The paper says "a Gabor wavelet transform" and no more. The wavelets are scikit-image's
`gabor_kernel`. Orientations, frequencies and pooling were chosen on images held out from the
training set, see `claims/section5_linear_models/machines.py`.
"""

import math
from functools import lru_cache

import torch
from torch.nn.functional import avg_pool2d, pad

from harness.data.streams import stream
from harness.linear.recipe import GaborBank

CHUNK = 1_000
"""Images filtered at a time: 15 MB of intermediate values on 28x28."""


def gabor_features(bank: GaborBank, images: torch.Tensor) -> torch.Tensor:
    """Images (N, C, H, W), uint8, to features (N, wavelets * ceil(H/pool) * ceil(W/pool)), float32.

    Colours are averaged, pixels scaled to [0, 1], the surroundings of an image are black.
    """
    height, width = images.shape[-2:]
    # The largest distance of two pixels, both ways.
    wavelets = gabor_wavelets(bank, 2 * max(height, width) - 1).to(images.device)
    rows, columns = -(-height // bank.pool), -(-width // bank.pool)
    result = torch.empty(len(images), len(wavelets), rows * columns, device=images.device)
    grey = images.float().mean(1).flatten(1).div_(255)
    for number, wavelet in enumerate(wavelets):
        matrix = _as_matrix(wavelet, height, width)
        for start in range(0, len(images), CHUNK):
            parts = (grey[start : start + CHUNK] @ matrix).view(-1, 2, height, width)
            magnitude = parts.square().sum(1, keepdim=True).sqrt()
            pooled = avg_pool2d(magnitude, bank.pool, ceil_mode=True)
            result[start : start + CHUNK, number] = pooled.flatten(1)
    return result.flatten(1)


def _as_matrix(wavelet: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The filter as a matrix (H W, 2 H W), which is faster for images of a wavelet's size."""
    middle = wavelet.shape[-1] // 2
    device = wavelet.device
    down = torch.arange(height, device=device)[:, None] - torch.arange(height, device=device)
    right = torch.arange(width, device=device)[:, None] - torch.arange(width, device=device)
    shifted = wavelet[:, (down + middle)[:, None, :, None], (right + middle)[None, :, None, :]]
    return shifted.permute(1, 2, 0, 3, 4).reshape(height * width, -1)


@lru_cache(maxsize=8)
def gabor_wavelets(bank: GaborBank, side: int) -> torch.Tensor:
    """The bank (wavelets, 2, side, side), real and imaginary parts, ``side`` odd.

    Smaller wavelets have zeros around them, larger ones are cut at the edges.
    """
    from skimage.filters import gabor_kernel

    made = []
    noise = stream(bank.noise_seed, "gabor noise") if bank.noise_seed is not None else None
    for frequency in bank.frequencies:
        for k in range(bank.orientations):
            kernel = gabor_kernel(frequency, theta=k * math.pi / bank.orientations)
            parts = _cut(torch.view_as_real(torch.from_numpy(kernel)).permute(2, 0, 1), side)
            parts[0] -= parts[0].mean()
            if noise is not None:
                drawn = torch.randn(parts.shape, generator=noise, dtype=parts.dtype)
                parts = drawn * parts.norm() / drawn.norm()
            rows, columns = (side - size for size in parts.shape[-2:])
            # Every wavelet of the bank has an odd height and width.
            around = (columns // 2, columns // 2, rows // 2, rows // 2)
            made.append(pad(parts, around).float())
    return torch.stack(made)


def _cut(kernel: torch.Tensor, side: int) -> torch.Tensor:
    """The centre of a kernel that is larger than ``side``."""
    top, left = (max(0, size - side) // 2 for size in kernel.shape[-2:])
    return kernel[:, top : top + side, left : left + side].clone()
