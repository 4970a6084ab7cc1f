"""Random crops, flips and rotations, compared with torchvision image by image."""

import pytest
import torch
from torchvision.transforms.v2 import functional as tv

from harness.data.augmentation import LARGEST_ANGLE, Draws, augmented, draw

N, HEIGHT, WIDTH, CROP = 64, 14, 12, 9


@pytest.fixture
def pixels():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (N, HEIGHT, WIDTH, 3), generator=generator, dtype=torch.uint8)


def drawn(*augmentation: str, seed: int = 1, n: int = N) -> Draws:
    return draw(n, (HEIGHT, WIDTH), CROP, augmentation, torch.Generator().manual_seed(seed))


def channels_first(pixels):
    return pixels.permute(0, 3, 1, 2)


@pytest.mark.parametrize("augmentation", [("random crop",), ("flip",), ("random crop", "flip")])
def test_crops_and_flips_are_those_of_torchvision(pixels, augmentation):
    draws, batch = drawn(*augmentation), torch.arange(N).flip(0)
    for image, index in zip(augmented(pixels, batch, draws, CROP), batch, strict=True):
        top, left = int(draws.top[index]), int(draws.left[index])
        expected = tv.crop(channels_first(pixels)[index], top, left, CROP, CROP)
        if draws.flipped[index]:
            expected = tv.horizontal_flip(expected)
        assert torch.equal(image, expected.float() / 255)


@pytest.mark.parametrize("augmentation", [("rotation",), ("random crop", "flip", "rotation")])
def test_rotations_are_those_of_torchvision_about_the_middle_of_the_crop(pixels, augmentation):
    draws = drawn(*augmentation)
    whole = channels_first(pixels).float() / 255
    for index, image in enumerate(augmented(pixels, torch.arange(N), draws, CROP)):
        top, left = int(draws.top[index]), int(draws.left[index])
        turned = tv.rotate(
            whole[index],
            float(draws.angle[index]),
            interpolation=tv.InterpolationMode.BILINEAR,
            center=[left + CROP / 2, top + CROP / 2],
        )
        expected = tv.crop(turned, top, left, CROP, CROP)
        if draws.flipped[index]:
            expected = tv.horizontal_flip(expected)
        # At the edges of the image torchvision blends with the fill: they are left out.
        inside = tv.crop(
            tv.rotate(
                torch.nn.functional.pad(torch.ones(1, HEIGHT - 4, WIDTH - 4), (2, 2, 2, 2)),
                float(draws.angle[index]),
                center=[left + CROP / 2, top + CROP / 2],
            ),
            top,
            left,
            CROP,
            CROP,
        )
        inside = tv.horizontal_flip(inside) if draws.flipped[index] else inside
        worst = ((image - expected).abs() * inside).max()
        assert worst < 1e-4, (index, float(worst))


def test_a_switch_draws_nothing_else():
    plain, cropped, flipped = drawn(), drawn("random crop"), drawn("flip")
    assert not plain.flipped.any() and plain.angle is None
    assert set(plain.top.tolist()) == {(HEIGHT - CROP) // 2}
    assert len(set(cropped.top.tolist())) > 1 and not cropped.flipped.any()
    assert flipped.flipped.any() and set(flipped.left.tolist()) == {(WIDTH - CROP) // 2}


def test_corners_sides_and_angles_are_uniform():
    many = drawn("random crop", "flip", "rotation", n=100_000)
    for corners, spare in ((many.top, HEIGHT - CROP), (many.left, WIDTH - CROP)):
        counts = torch.bincount(corners)
        assert len(counts) == spare + 1
        # Six standard deviations of a binomial count.
        assert (counts - 100_000 / (spare + 1)).abs().max() < 6 * (100_000 / (spare + 1)) ** 0.5
    assert abs(float(many.flipped.float().mean()) - 0.5) < 0.01
    assert float(many.angle.abs().max()) <= LARGEST_ANGLE
    assert abs(float(many.angle.mean())) < 0.3
    assert float(many.angle.abs().mean()) == pytest.approx(LARGEST_ANGLE / 2, abs=0.2)
