"""Images of any depth, and those with transparency, keep their picture."""

import io

import numpy as np
import pytest
from PIL import Image

from harness.data import custom
from harness.data.decoding import decode
from harness.data.rgb import as_rgb

GREY = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
DEEP = GREY.astype(np.uint16) * 257
BLACK = np.zeros_like(GREY)


def written(image, kind, **options):
    """What comes back from a file of this kind."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(file)


def palette():
    """One colour, black, in 256 degrees of transparency."""
    image = Image.fromarray(GREY, "L").convert("P")
    image.putpalette([0] * 768)
    return image


def icon(*channels):
    """Black, and the whole picture in the transparency."""
    return Image.fromarray(np.stack([*channels, 255 - GREY], axis=2))


def tiff_of_12_bits():
    """Pillow unpacks such a file, and writes none."""
    image = Image.fromarray((GREY * (4095 / 255)).round().astype(np.uint16))
    image.tag_v2 = {258: (12,)}
    return image


SAME = {
    "a PNG of 16 bits": lambda: written(Image.fromarray(DEEP), "PNG"),
    "a TIFF of 16 bits": lambda: written(Image.fromarray(DEEP), "TIFF"),
    "a TIFF of 16 bits, high byte first": lambda: written(
        Image.frombytes("I;16B", (28, 28), DEEP.astype(">u2").tobytes()), "TIFF"
    ),
    "a TIFF of 12 bits": tiff_of_12_bits,
    "a PGM of 16 bits": lambda: written(Image.fromarray(DEEP), "PPM"),
    "a TIFF of floats": lambda: written(Image.fromarray((GREY / 255).astype(np.float32)), "TIFF"),
    "an icon in colour": lambda: written(icon(BLACK, BLACK, BLACK), "PNG"),
    "a grey icon": lambda: written(icon(BLACK), "PNG"),
    "an icon in WebP": lambda: written(
        icon(BLACK, BLACK, BLACK), "WEBP", lossless=True, exact=True
    ),
    "an icon with a palette": lambda: written(
        palette(), "PNG", transparency=bytes(range(255, -1, -1))
    ),
}


@pytest.mark.parametrize("kind", SAME)
def test_an_image_keeps_its_picture(kind):
    found = np.asarray(as_rgb(SAME[kind]()))
    assert (found == GREY[..., None]).all()


@pytest.mark.parametrize(("mode", "clear"), [("L", 0), ("RGB", (0, 0, 0)), ("I;16", 0)])
def test_a_colour_that_is_transparent_becomes_white(mode, clear):
    image = Image.fromarray(DEEP) if mode == "I;16" else Image.fromarray(GREY).convert(mode)
    found = np.asarray(as_rgb(written(image, "PNG", transparency=clear)))
    assert (found == np.where(GREY == 0, 255, GREY)[..., None]).all()


def test_what_has_8_bits_and_no_transparency_stays_as_pillow_has_it():
    generator = np.random.default_rng(1)
    opaque = np.full((28, 28, 4), 255, np.uint8)
    opaque[..., :3] = generator.integers(0, 256, (28, 28, 3))
    for image in (
        Image.fromarray(opaque),
        Image.fromarray(GREY),
        Image.fromarray(GREY > 100),
        Image.fromarray(opaque[..., :3]).convert("CMYK"),
        Image.fromarray(opaque[..., :3]).quantize(16),
    ):
        assert as_rgb(image).tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (GREY.astype(np.int32), "nothing says which of its 32-bit or signed integers is white"),
        (GREY.astype(np.float32), r"go from 0 to 255, but black is 0 and white 1: save it with 8"),
        ((GREY - 0.5).astype(np.float32), r"go from -0.5 to 254.5"),
        (np.where(GREY, 0.5, np.nan).astype(np.float32), "go from nan to nan"),
    ],
)
def test_what_has_no_known_white_is_refused_by_name(values, why, tmp_path):
    Image.fromarray(values).save(tmp_path / "deep.tif")
    for read in (decode, lambda path: custom._read(path, 28)):
        with pytest.raises(custom.DataError, match=rf"deep.tif .*{why}"):
            read(tmp_path / "deep.tif")


def test_folders_of_images_and_of_photographs_are_read_by_it(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "0.png")
    for found in (decode(tmp_path / "0.png").numpy(), custom._read(tmp_path / "0.png", 28)):
        assert (found == GREY).all()
