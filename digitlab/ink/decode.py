"""From a picture file to an array: turned upright, transparency laid on paper, a usable size."""

import io
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from digitlab.errors import PictureError

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MAX_PIXELS = 50_000_000
# Larger pictures are made smaller first: a digit needs no more, and time and memory are saved.
_WORKING_PX = 512
# Colours that differ by no more than this, as JPEG leaves them, are grey.
_GREY_TOLERANCE = 6
# The tag of a camera's orientation, and its values for a picture that lies on its side.
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
# Only these decoders may see a visitor's file; some of Pillow's others start programs.
PICTURE_FORMATS = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        BmpImagePlugin.BmpImageFile,
        GifImagePlugin.GifImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)


def decode_picture(source: Path | bytes | BinaryIO) -> np.ndarray:
    """Read a picture file.

    The camera's orientation is applied, transparency laid on paper of the other brightness, 16
    bits brought to 8; of an animation the first frame counts.

    Args:
        source: a path, the file's bytes, or an open binary file.
    Returns:
        `(h, w)` uint8 for a grey picture, `(h, w, 3)` for a coloured one; 0 black, 255 white. At
        most 512 px on the longer side.
    Raises:
        PictureError: it is no picture, it is damaged, or it is too large.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        # Checked before anything is decoded, at a limit below that of Pillow's own warning.
        with Image.open(file, formats=PICTURE_FORMATS) as picture:
            _check_size(picture)
            picture.draft("RGB", (_WORKING_PX, _WORKING_PX))
            return _to_array(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise PictureError(
            "This is no picture, or of a kind that is not read here. "
            "PNG, JPEG, BMP, GIF and WebP are."
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"The picture is too large. {_describe_too_large()}") from error
    except PictureError:
        raise
    except Exception as error:
        # A damaged file makes Pillow's decoders raise nearly anything.
        raise PictureError(
            f"The picture is damaged and cannot be read ({_first_line(error)})."
        ) from error


def _check_size(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"The picture is too large: {width:,} × {height:,} pixels. {_describe_too_large()}"
        )


def _describe_too_large() -> str:
    limit = MAX_PIXELS // 1_000_000
    return f"Pictures of up to {limit} megapixels are read: make it smaller or cut out the digit."


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _to_array(picture: Image.Image) -> np.ndarray:
    # Made smaller before anything else: a large picture's floating-point copy would fill memory.
    if picture.mode.startswith("I") or picture.mode == "F":
        return _stretch_deep(_shrink(np.asarray(picture).astype(np.float32)))
    if picture.has_transparency_data:
        layers = np.asarray(_reduce(picture.convert("RGBA")))
        return _drop_colour(_shrink(_lay_on_paper(layers[..., :3], layers[..., 3:])))
    if picture.mode in ("1", "L"):
        return _shrink(np.asarray(picture.convert("L")))
    return _drop_colour(_shrink(np.asarray(picture.convert("RGB"))))


def _drop_colour(image: np.ndarray) -> np.ndarray:
    """A picture without colours as grey: it is then three times as quick to read."""
    if int(np.ptp(image.astype(np.int16), axis=2).max()) <= _GREY_TOLERANCE:
        return image[..., 1].copy()
    return image


def _reduce(picture: Image.Image) -> Image.Image:
    return picture.reduce(max(1, max(picture.size) // _WORKING_PX))


def _stretch_deep(values: np.ndarray) -> np.ndarray:
    """16-bit and floating-point pixels to 8 bits; the range used decides, not the one allowed."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not np.isfinite(high - low) or high <= low:
        return np.zeros(values.shape, np.uint8)
    return ((np.nan_to_num(values, nan=low) - low) * (255 / (high - low))).astype(np.uint8)


def _lay_on_paper(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Transparent parts become white paper under dark ink, black paper under light ink."""
    opaque = colours[alpha[..., 0] > 127]
    paper = 0.0 if opaque.size and float(opaque.mean()) > 127 else 255.0
    cover = alpha / np.float32(255)
    return np.round(colours * cover + paper * (1 - cover)).astype(np.uint8)


def _shrink(image: np.ndarray) -> np.ndarray:
    longer = max(image.shape[:2])
    if longer <= _WORKING_PX:
        return image
    scale = _WORKING_PX / longer
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


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
