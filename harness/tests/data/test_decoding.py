"""Photographs: central crops, and the draws of each switch of the augmentation."""

import pytest
import torch
from PIL import Image

from harness.data import photo_batches
from harness.data.photo_batches import augmented, central, crop_box, decode, image_stream
from harness.tests.photo_helpers import photo


def test_a_central_crop_is_seven_eighths_of_both_sides():
    image = torch.zeros(3, 80, 160, dtype=torch.uint8)
    image[:, 5:75, 10:150] = 200
    assert (central(image, 75) == 200).all()
    image[:, 6:74, 11:149] = 0
    assert (central(image, 75)[:, [0, -1]] > 0).all()


def test_random_crops_have_the_stated_areas_and_aspects():
    generator = torch.Generator().manual_seed(0)
    shares, aspects = [], []
    for _ in range(300):
        top, left, rows, columns = crop_box(100, 130, torch.rand(40, generator=generator).tolist())
        assert 0 <= top <= 100 - rows and 0 <= left <= 130 - columns
        shares.append(rows * columns / 13_000)
        aspects.append(columns / rows)
    assert 0.045 < min(shares) < 0.1 and 0.85 < max(shares) <= 1
    assert 0.7 < min(aspects) < 0.8 and 1.2 < max(aspects) < 1.4
    assert crop_box(10, 400, [1.0] * 40) == (0, 0, 10, 400), "no try fits: the whole image"


@pytest.mark.parametrize("switch", ["random crop", "flip", "rotation", "colour"])
def test_each_switch_has_its_own_reproducible_draws(switch):
    image = photo(0)

    def drawn(epoch, *switches):
        return augmented(image, 32, switches, image_stream(0, epoch, "train/n0/0.JPEG"))

    first = [drawn(epoch, switch) for epoch in range(12)]
    assert all(torch.equal(a, drawn(epoch, switch)) for epoch, a in enumerate(first))
    different = {a.numpy().tobytes() for a in first}
    assert len(different) == (2 if switch == "flip" else 12)
    assert torch.equal(drawn(0), central(image, 32))
    flips = [torch.equal(drawn(e, "flip"), central(image, 32)) for e in range(12)]
    after = [torch.equal(drawn(e, "flip", switch), drawn(e, switch)) for e in range(12)]
    assert switch == "flip" or flips == after, "the draws of one switch depend on another"


def test_brightness_is_added_as_tensorflow_does():
    grey = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    assert photo_batches.distort_colour(grey, [1.0, 0.5, 0.5, 0.5]).flatten().tolist() == [132] * 48


def test_a_very_large_photograph_is_decoded(tmp_path, monkeypatch):
    """Pillow warns of it, and warnings are errors here."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (15, 10)).save(tmp_path / "panorama.png")
    assert decode(tmp_path / "panorama.png").shape == (3, 10, 15)
