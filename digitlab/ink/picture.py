"""From any picture file to 28x28: either polarity, transparent or not, turned upright."""

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

from digitlab.errors import EmptyInkError, PictureError
from digitlab.ink.frame import crop_to_ink, frame_digit
from digitlab.ink.trace import InkStep, PreparedInk

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MAX_PIXELS = 50_000_000
# Only these decoders may see a visitor's file; some of Pillow's others start programs.
_FORMATS = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        BmpImagePlugin.BmpImageFile,
        GifImagePlugin.GifImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
# Larger pictures are made smaller first: a digit needs no more, and time and memory are saved.
_WORKING_PX = 512
# Below this difference between paper and ink (of 255) a picture counts as one colour.
_MIN_CONTRAST = 20
# So wide a border tells the paper's brightness.
_BORDER_PX = 2
# Blobs smaller than this share of the largest one are specks, not strokes.
_SPECK_SHARE = 0.02


def decode_picture(source: Path | bytes | BinaryIO) -> np.ndarray:
    """Read a picture file as grey.

    The camera's orientation is applied, transparency laid on paper of the other brightness, 16
    bits brought to 8; of an animation the first frame counts.

    Args:
        source: a path, the file's bytes, or an open binary file.
    Returns:
        `(h, w)` uint8, as in the file: 0 black, 255 white. At most 512 px on the longer side.
    Raises:
        PictureError: it is no picture, it is damaged, or it is too large.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        # Checked before anything is decoded, at a limit below that of Pillow's own warning.
        with Image.open(file, formats=_FORMATS) as picture:
            _check_size(picture)
            picture.draft("L", (_WORKING_PX, _WORKING_PX))
            return _to_grey(ImageOps.exif_transpose(picture))
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


def prepare_picture(grey: np.ndarray) -> PreparedInk:
    """Find the one digit in a picture and frame it.

    Args:
        grey: `(h, w)` uint8, 0 black, 255 white; dark ink on light paper or light on dark.
    Returns:
        The digit, and the steps to it.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    ink = _extract_ink(grey)
    clean = _remove_specks(ink)
    image = frame_digit(clean)
    steps = (
        InkStep("Your picture, in grey", lambda: 255 - grey),
        InkStep("Ink apart from paper", lambda: clean),
        InkStep("Cut out", lambda: crop_to_ink(clean)),
        InkStep("28 × 28, centre of mass in the middle", lambda: image),
    )
    return PreparedInk(image, steps)


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


def _to_grey(picture: Image.Image) -> np.ndarray:
    # Made smaller before anything else: a large picture's floating-point copy would fill memory.
    if picture.mode.startswith("I") or picture.mode == "F":
        return _stretch_deep(_shrink(np.asarray(picture).astype(np.float32)))
    if picture.has_transparency_data:
        grey, alpha = _reduce(picture.convert("RGBA")).convert("LA").split()
        return _shrink(_lay_on_paper(np.asarray(grey), np.asarray(alpha)))
    return _shrink(np.asarray(picture.convert("L")))


def _reduce(picture: Image.Image) -> Image.Image:
    return picture.reduce(max(1, max(picture.size) // _WORKING_PX))


def _stretch_deep(values: np.ndarray) -> np.ndarray:
    """16-bit and floating-point pixels to 8 bits; the range used decides, not the one allowed."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not np.isfinite(high - low) or high <= low:
        return np.zeros(values.shape, np.uint8)
    return ((np.nan_to_num(values, nan=low) - low) * (255 / (high - low))).astype(np.uint8)


def _lay_on_paper(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Transparent parts become white paper under dark ink, black paper under light ink."""
    opaque = grey[alpha > 127]
    paper = 0.0 if opaque.size and float(opaque.mean()) > 127 else 255.0
    cover = alpha / 255.0
    return np.round(grey * cover + paper * (1 - cover)).astype(np.uint8)


def _shrink(grey: np.ndarray) -> np.ndarray:
    longer = max(grey.shape)
    if longer <= _WORKING_PX:
        return grey
    scale = _WORKING_PX / longer
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _extract_ink(grey: np.ndarray) -> np.ndarray:
    """Distance from paper, as ink: the paper's brightness is what most of the border has."""
    edge = _BORDER_PX
    border = np.concatenate(
        [grey[:edge].ravel(), grey[-edge:].ravel(), grey[:, :edge].ravel(), grey[:, -edge:].ravel()]
    )
    distance = cv2.absdiff(grey, np.full_like(grey, int(np.median(border))))
    strongest = int(distance.max())
    if strongest < _MIN_CONTRAST:
        raise EmptyInkError("The picture is all one colour: there is no digit in it.")
    threshold, _ = cv2.threshold(distance, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    # Half the threshold keeps the soft edge of the strokes and drops the paper's noise.
    floor = max(threshold / 2, 1)
    ink = (distance.astype(np.float32) - floor) * (255 / max(strongest - floor, 1))
    return np.clip(ink, 0, 255).astype(np.uint8)


def _remove_specks(ink: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count <= 2:
        return ink
    keep = np.concatenate([[False], areas >= areas.max() * _SPECK_SHARE])
    return np.where(keep[labels], ink, 0).astype(np.uint8)
