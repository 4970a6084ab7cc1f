"""Any image of Pillow's as RGB of 8 bits: scaled by its depth, transparency laid over white.

Pillow's own ``convert("RGB")`` clips what is deeper than 8 bits, so that a 16-bit image is all
white, and drops the transparency, in which icons have their whole picture. Does not import torch.
"""

import numpy as np
from PIL import Image

BITS_PER_SAMPLE = 258
"""The tag of a TIFF."""


def as_rgb(image: Image.Image) -> Image.Image:
    """The image in mode RGB; raises ValueError where nothing says which of its values is white."""
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
            "nothing says which of its 32-bit or signed integers is white: save it with 8 or 16"
            " bits, unsigned"
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
