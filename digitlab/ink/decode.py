"""Decode a picture file: upright, without transparency, at a working size, in bounded memory."""

import io
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pillow_heif
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

from digitlab.errors import PictureError, describe_error

# The camera format of iPhones. Its thumbnail may differ from the picture.
pillow_heif.register_heif_opener(thumbnails=False)

# AVIF is left out: a file of 3 kB that says it is small can make Pillow's decoder take 400 MB.
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".heic", ".heif")
FORMAT_NAMES = "PNG, JPEG, BMP, GIF, WebP, HEIC"
# Decoding a full picture takes up to 16 bytes per pixel, so 12 megapixels stay below 200 MB. Only a
# baseline JPEG is decoded at reduced size. HEIC as cameras write it takes 7 bytes per pixel.
MAX_PIXELS = 12_000_000
MAX_HEIC_PIXELS = 25_000_000
MAX_JPEG_PIXELS = 50_000_000
# Of a longer strip no readable digit remains at the working size.
MAX_ASPECT_RATIO = 50
# Larger pictures are scaled down: a digit needs no more pixels.
_WORKING_PX = 512
# JPEG colours every grey picture a little: channels that differ by no more than this are grey.
_GREY_TOLERANCE = 6
# The Exif orientation tag, and its values for a picture that is rotated by 90 degrees.
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
# Uploads reach these decoders only; some of Pillow's others start external programs.
PICTURE_FORMATS = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        BmpImagePlugin.BmpImageFile,
        GifImagePlugin.GifImageFile,
        WebPImagePlugin.WebPImageFile,
        pillow_heif.HeifImageFile,
    )
)
# Two full pictures are never in memory at once, however many users upload one.
_FULL_DECODE_LOCK = threading.Lock()


def decode_picture(source: Path | bytes | BinaryIO) -> np.ndarray:
    """Decode a picture file.

    The camera's orientation is applied, transparent parts become paper, 16 bits a channel become
    8, and only the first frame of an animation is decoded.

    Args:
        source: a path, the file's bytes, or an open binary file.
    Returns:
        `(h, w)` uint8 for a grey picture, `(h, w, 3)` for a coloured one; 0 black, 255 white. The
        longer side has at most 512 px.
    Raises:
        PictureError: the file is not a picture, is damaged, too large or too narrow.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(file, formats=PICTURE_FORMATS) as picture:
            is_reduced = picture.format == "JPEG" and not picture.info.get("progressive")
            # Before anything is decoded, and below the limit of Pillow's own warning.
            _check_size(picture.size, _find_max_pixels(picture, is_reduced=is_reduced))
            picture.draft("RGB", (_WORKING_PX, _WORKING_PX))
            with nullcontext() if is_reduced else _FULL_DECODE_LOCK:
                return _to_array(picture)
    except UnidentifiedImageError as error:
        raise PictureError(
            f"The file is not a picture in a supported format ({FORMAT_NAMES}). Save or export "
            "it as JPEG or PNG."
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"The picture is too large. {_describe_limits()}") from error
    except PictureError:
        raise
    except Exception as error:
        # Pillow's decoders raise nearly any exception for a damaged file.
        raise PictureError(
            f"The picture is damaged and cannot be decoded ({describe_error(error)})."
        ) from error


def _find_max_pixels(picture: Image.Image, *, is_reduced: bool) -> int:
    if is_reduced:
        return MAX_JPEG_PIXELS
    is_from_camera = picture.format == "HEIF" and picture.info.get("chroma") == 420
    return MAX_HEIC_PIXELS if is_from_camera and picture.mode == "RGB" else MAX_PIXELS


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise PictureError(
            f"The picture is too large: {width:,} × {height:,} pixels. {_describe_limits()}"
        )
    if max(size) > MAX_ASPECT_RATIO * min(size):
        raise PictureError(
            f"The picture is too narrow: {width:,} × {height:,} pixels. Its longer side may be "
            f"{MAX_ASPECT_RATIO} times the shorter one at most: crop it to the digits."
        )


def _describe_limits() -> str:
    return (
        f"The limit is {MAX_JPEG_PIXELS // 1_000_000} megapixels for JPEG (not progressive), "
        f"{MAX_HEIC_PIXELS // 1_000_000} for HEIC photos and {MAX_PIXELS // 1_000_000} for other "
        "files: scale the picture down or crop it to the digits."
    )


def _to_array(picture: Image.Image) -> np.ndarray:
    upright = ImageOps.exif_transpose(_reduce(picture))
    if upright.mode == "RGBA":
        layers = np.asarray(upright)
        return _drop_colour(_shrink(_composite_on_paper(layers[..., :3], layers[..., 3:])))
    if upright.mode == "L":
        return _shrink(np.asarray(upright))
    return _drop_colour(_shrink(np.asarray(upright.convert("RGB"))))


def _reduce(picture: Image.Image) -> Image.Image:
    """The picture at less than twice the working size, mode RGBA, L or RGB, or CMYK.

    It is reduced before anything else: every copy of the full picture would take as much memory.
    """
    if picture.mode.startswith("I") or picture.mode == "F":
        reduced = Image.fromarray(_stretch_to_8_bits(_shrink(_to_float_or_uint16(picture))))
        reduced.info = picture.info.copy()  # has the orientation
        return reduced
    # Palette indices and single bits cannot be averaged.
    if picture.has_transparency_data and picture.mode != "RGBA":
        picture = picture.convert("RGBA")
    elif picture.mode in ("1", "P"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    return picture.reduce(max(1, max(picture.size) // _WORKING_PX))


def _to_float_or_uint16(picture: Image.Image) -> np.ndarray:
    """The deep pixels in a type that OpenCV can scale."""
    values = np.asarray(picture)
    return values if values.dtype == np.uint16 else values.astype(np.float32)


def _drop_colour(image: np.ndarray) -> np.ndarray:
    """A picture without colours as grey, which is processed in a third of the time."""
    if int(np.ptp(image.astype(np.int16), axis=2).max()) <= _GREY_TOLERANCE:
        return image[..., 1].copy()
    return image


def _stretch_to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit or floating-point pixels so that the range in use becomes 0 to 255."""
    values = values.astype(np.float32)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not np.isfinite(high - low) or high <= low:
        return np.zeros(values.shape, np.uint8)
    return ((np.nan_to_num(values, nan=low) - low) * (255 / (high - low))).astype(np.uint8)


def _composite_on_paper(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Fill transparent parts: white under dark ink, black under light ink."""
    opaque = colours[alpha[..., 0] > 127]
    paper = 0.0 if opaque.size and float(opaque.mean()) > 127 else 255.0
    coverage = alpha / np.float32(255)
    return np.round(colours * coverage + paper * (1 - coverage)).astype(np.uint8)


def _shrink(image: np.ndarray) -> np.ndarray:
    longer = max(image.shape[:2])
    if longer <= _WORKING_PX:
        return image
    scale = _WORKING_PX / longer
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def measure_picture(source: Path | bytes) -> tuple[int, int]:
    """Return the width and height of the full picture in pixels, upright.

    Args:
        source: a path or a file's bytes that `decode_picture` has decoded.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(file, formats=PICTURE_FORMATS) as picture:
        width, height = picture.size
        is_sideways = picture.getexif().get(_ORIENTATION) in _SIDEWAYS
    return (height, width) if is_sideways else (width, height)
