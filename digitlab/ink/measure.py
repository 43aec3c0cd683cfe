"""How large a picture file is, before it is made smaller to be read."""

import io
from pathlib import Path

from PIL import Image

from digitlab.ink.decode import PICTURE_FORMATS

# The tag of a camera's orientation, and its values for a picture that lies on its side.
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)


def measure_picture(source: Path | bytes) -> tuple[int, int]:
    """The picture's own width and height in pixels, turned upright.

    Args:
        source: a path or a file's bytes that `decode_picture` has read.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(file, formats=PICTURE_FORMATS) as picture:
        width, height = picture.size
        lies = picture.getexif().get(_ORIENTATION) in _SIDEWAYS
    return (height, width) if lies else (width, height)
