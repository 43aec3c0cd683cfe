"""Prepare a canvas drawing for the network: its vectors are redrawn with MNIST's pen width."""

from collections.abc import Sequence

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.mnist_frame import (
    BOX_PX,
    FRAME_PX,
    OVERSAMPLING,
    compute_centre_of_mass,
    shrink_to_frame,
)
from digitlab.ink.pipeline import InkStep, PreparedInk

# The pen width in MNIST's 28x28 frame, measured by `benchmarks/pen_width.py`.
PEN_WIDTH_PX = 2.5
# cv2 takes coordinates as integers with this many fractional bits.
_SHIFT_BITS = 4
# A tap leaves a mark shorter than this many pen widths. It stays a dot instead of being scaled up
# to a digit.
_MIN_EXTENT_PX, _TAP_EXTENT = 2.0, 0.75
# A stroke up to this fraction of the longest is a dot. A dot farther from the other strokes than
# this fraction of their size is not part of the digit.
_DOT_SIZE, _DOT_DISTANCE = 0.06, 0.12
_PREVIEW_PX = 280


def prepare_drawing(strokes: Sequence[Stroke]) -> PreparedInk:
    """Redraw strokes in MNIST's frame with MNIST's pen width.

    Args:
        strokes: at least one; size, position and brush width do not matter.
    Returns:
        The framed digit, and the steps to it.
    Raises:
        EmptyInkError: there is no stroke.
    """
    if not strokes:
        raise EmptyInkError("The drawing is empty.")
    lines = _drop_stray_dots([stroke.points for stroke in strokes])
    lines = _scale_to_box(lines, max(stroke.width_px for stroke in strokes))
    enlarged = _draw(lines)
    image = shrink_to_frame(_centre(lines, enlarged))
    steps = (
        InkStep("Your strokes", lambda: _draw_preview(strokes)),
        InkStep("Pen width normalised", lambda: enlarged),
        InkStep("28×28", lambda: image),
    )
    return PreparedInk(image, steps)


def _drop_stray_dots(lines: list[np.ndarray]) -> list[np.ndarray]:
    """Drop dots far from all strokes: a palm or a finger touched the canvas."""
    lows = np.array([line.min(axis=0) for line in lines])
    highs = np.array([line.max(axis=0) for line in lines])
    sizes = (highs - lows).max(axis=1)
    is_dot = sizes <= _DOT_SIZE * sizes.max()
    if not is_dot.any() or is_dot.all():
        return lines
    low, high = lows[~is_dot].min(axis=0), highs[~is_dot].max(axis=0)
    gaps = np.maximum(0, np.maximum(lows - high, low - highs))
    is_far = np.hypot(*gaps.T) > _DOT_DISTANCE * float((high - low).max())
    return [line for line, drop in zip(lines, is_dot & is_far, strict=True) if not drop]


def _scale_to_box(lines: Sequence[np.ndarray], width_px: float) -> list[np.ndarray]:
    """Scale and move all lines so that their ink fills the 20 px box in the frame's centre."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), _MIN_EXTENT_PX)
    # The ink extends half a pen width beyond the line on each side.
    scale = (BOX_PX - PEN_WIDTH_PX) / extent
    if extent < _TAP_EXTENT * width_px:
        scale = min(scale, PEN_WIDTH_PX / width_px)
    return [(line - (low + high) / 2) * scale + FRAME_PX / 2 for line in lines]


def _draw(lines: Sequence[np.ndarray]) -> np.ndarray:
    """Draw lines given in frame pixels: `(224, 224)` uint8, ink 255."""
    side = FRAME_PX * OVERSAMPLING
    enlarged = np.zeros((side, side), np.uint8)
    # A pixel's centre is half a pixel from its edge.
    factor = OVERSAMPLING * 2**_SHIFT_BITS
    scaled = [np.round(line * factor - 2**_SHIFT_BITS / 2).astype(np.int32) for line in lines]
    thickness = round(PEN_WIDTH_PX * OVERSAMPLING)
    cv2.polylines(enlarged, scaled, False, 255, thickness, cv2.LINE_8, _SHIFT_BITS)
    return enlarged


def _centre(lines: Sequence[np.ndarray], enlarged: np.ndarray) -> np.ndarray:
    """Move the centre of mass to the frame's centre, as far as no ink leaves the frame."""
    side = FRAME_PX * OVERSAMPLING
    mass = (np.array(compute_centre_of_mass(enlarged)) + 0.5) / OVERSAMPLING
    shift = FRAME_PX / 2 - mass
    points = np.concatenate(lines)
    margin = PEN_WIDTH_PX / 2
    low = margin - points.min(axis=0)
    high = FRAME_PX - margin - points.max(axis=0)
    matrix = np.eye(2, 3, dtype=np.float32)
    matrix[:, 2] = np.round(np.clip(shift, low, high) * OVERSAMPLING)
    return cv2.warpAffine(enlarged, matrix, (side, side), flags=cv2.INTER_NEAREST)


def _draw_preview(strokes: Sequence[Stroke]) -> np.ndarray:
    """The drawing with its own brush widths, cropped to a square: `(280, 280)` uint8."""
    points = np.concatenate([stroke.points for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    widest = max(stroke.width_px for stroke in strokes)
    scale = _PREVIEW_PX / (max(float((high - low).max()), 1.0) + 1.2 * widest)
    canvas = np.zeros((_PREVIEW_PX, _PREVIEW_PX), np.uint8)
    for stroke in strokes:
        line = (stroke.points - (low + high) / 2) * scale + _PREVIEW_PX / 2
        scaled = np.round(line * 2**_SHIFT_BITS).astype(np.int32)
        thickness = int(np.clip(round(stroke.width_px * scale), 1, _PREVIEW_PX))
        cv2.polylines(canvas, [scaled], False, 255, thickness, cv2.LINE_AA, _SHIFT_BITS)
    return canvas
