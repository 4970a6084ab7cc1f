"""Images of any depth and with transparency keep their content."""

import io

import numpy as np
import pytest
from PIL import Image

from harness.data.rgb import CorruptImage, as_rgb, read_rgb
from harness.tests.photo_helpers import CORRUPT

GREY = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
DEEP = GREY.astype(np.uint16) * 257
BLACK = np.zeros_like(GREY)


def written(image, kind, **options):
    """The image, read again from a file of this kind."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(file)


def palette():
    """One colour, black, in 256 degrees of transparency."""
    image = Image.fromarray(GREY, "L").convert("P")
    image.putpalette([0] * 768)
    return image


def icon(*channels):
    """Black, with the whole picture in the transparency."""
    return Image.fromarray(np.stack([*channels, 255 - GREY], axis=2))


def tiff_of_12_bits():
    """As Pillow reads such a file; it cannot write one."""
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
def test_the_content_is_kept(kind):
    found = np.asarray(as_rgb(SAME[kind]()))
    assert (found == GREY[..., None]).all()


@pytest.mark.parametrize(("mode", "clear"), [("L", 0), ("RGB", (0, 0, 0)), ("I;16", 0)])
def test_a_transparent_colour_becomes_white(mode, clear):
    image = Image.fromarray(DEEP) if mode == "I;16" else Image.fromarray(GREY).convert(mode)
    found = np.asarray(as_rgb(written(image, "PNG", transparency=clear)))
    assert (found == np.where(GREY == 0, 255, GREY)[..., None]).all()


def test_opaque_images_of_8_bits_are_converted_as_by_pillow():
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
        (GREY.astype(np.int32), "the white of 32-bit or signed integers is unknown"),
        (GREY.astype(np.float32), r"go from 0 to 255, but black is 0 and white 1: save it with 8"),
        ((GREY - 0.5).astype(np.float32), r"go from -0.5 to 254.5"),
        (np.where(GREY, 0.5, np.nan).astype(np.float32), "go from nan to nan"),
    ],
)
def test_an_image_of_unknown_white_is_refused_by_name(values, why, tmp_path):
    Image.fromarray(values).save(tmp_path / "deep.tif")
    with pytest.raises(CorruptImage, match=rf"deep.tif cannot be read .*{why}"):
        read_rgb(tmp_path / "deep.tif")


def test_a_file_that_does_not_decode_is_named(tmp_path):
    (tmp_path / "a.JPEG").write_bytes(CORRUPT)
    (tmp_path / "b.JPEG").write_bytes(b"")
    for name in ("a.JPEG", "b.JPEG", "missing.JPEG"):
        with pytest.raises(CorruptImage, match=f"{name} cannot be read as an image"):
            read_rgb(tmp_path / name)


@pytest.mark.parametrize("error", [EOFError(), KeyError(7), SyntaxError("broken PNG file")])
def test_any_error_of_a_decoder_means_a_corrupt_file(error, tmp_path, monkeypatch):
    def raises(path):
        raise error

    monkeypatch.setattr(Image, "open", raises)
    why = str(error) or "EOFError"
    with pytest.raises(CorruptImage, match=rf"0.png cannot be read as an image \({why}\)"):
        read_rgb(tmp_path / "0.png")
