"""An image file as RGB of 8 bits: scaled by its depth, transparency laid over white.

Pillow's own ``convert("RGB")`` clips what is deeper than 8 bits, so that a 16-bit image is all
white, and drops the transparency, in which icons have their whole picture. Imports no torch.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from harness.errors import DataError
from harness.files import readable

BITS_PER_SAMPLE = 258
"""The tag of a TIFF."""


class CorruptImage(DataError):
    """A file that does not decode."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read as an image ({why}); replace or delete it")


def read_rgb(path: Path) -> Image.Image:
    """The image in mode RGB; raises CorruptImage, naming the file.

    A file without permission raises DataError instead: it is not one to be left out.
    """
    try:
        with readable(), Image.open(path) as image:
            return as_rgb(image)
    except (DataError, MemoryError, Warning):
        raise
    except Exception as error:  # Pillow's decoders raise whatever damaged bytes lead to.
        why = str(error).strip() or type(error).__name__
        raise CorruptImage(path, why.splitlines()[0]) from error


def as_rgb(image: Image.Image) -> Image.Image:
    """The image in mode RGB; raises ValueError where its value for white is unknown."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = _in_bytes(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _in_bytes(image: Image.Image) -> Image.Image:
    """A grey image of more than 8 bits, scaled to 8."""
    values = np.asarray(image)
    if image.mode == "F":
        white = 1.0
    elif image.mode.startswith("I;16") or image.format == "PPM":
        white = 2.0 ** getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0] - 1
    else:
        raise ValueError(
            "the white of 32-bit or signed integers is unknown: save it with 8 or 16 bits, unsigned"
        )
    if not (values.min() >= 0 and values.max() <= white):
        raise ValueError(
            f"its values go from {values.min():g} to {values.max():g}, but black is 0 and white"
            f" {white:g}: save it with 8 or 16 bits"
        )
    grey = Image.fromarray(np.rint(values * (255 / white)).astype(np.uint8))
    if (transparent := image.info.get("transparency")) is not None:
        grey.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey
