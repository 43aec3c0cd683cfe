"""From a canvas drawing (vectors) to 28x28: one pen width, whatever brush was used."""

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

# The width of MNIST's pens in its 28x28 frame; `benchmarks/pen_width.py` picks it.
PEN_WIDTH_PX = 2.5
# cv2 takes coordinates as integers with this many fractional bits.
_SHIFT_BITS = 4
# A tap leaves a dot shorter than its pen is wide: it stays a dot and is not blown up to a digit.
_MIN_EXTENT_PX, _TAP_WIDTHS = 2.0, 0.75
# A stroke so much smaller than the longest is a dot; so far from the others, of their size, it is
# no part of the digit.
_DOT_SHARE, _DOT_REACH = 0.06, 0.12


def prepare_drawing(strokes: Sequence[Stroke]) -> PreparedInk:
    """Draw strokes anew, the way MNIST's writers would have written them.

    Args:
        strokes: at least one; size, place and brush width do not matter.
    Returns:
        The digit, and the steps to it.
    Raises:
        EmptyInkError: there is no stroke.
    """
    if not strokes:
        raise EmptyInkError("The drawing is empty.")
    lines = _drop_stray_dots([stroke.points for stroke in strokes])
    lines = _scale_to_box(lines, max(stroke.width_px for stroke in strokes))
    fine = _draw(lines)
    image = shrink_to_frame(_centre(lines, fine))
    steps = (
        InkStep("Your strokes", lambda: _draw_as_made(strokes)),
        InkStep("One pen width, in a box of 20 pixels", lambda: fine),
        InkStep("28 × 28, centre of mass in the middle", lambda: image),
    )
    return PreparedInk(image, steps)


def _drop_stray_dots(lines: list[np.ndarray]) -> list[np.ndarray]:
    """Leave out dots beside the digit: a palm or a slip of the finger, far from all strokes."""
    lows = np.array([line.min(axis=0) for line in lines])
    highs = np.array([line.max(axis=0) for line in lines])
    sizes = (highs - lows).max(axis=1)
    is_dot = sizes <= _DOT_SHARE * sizes.max()
    if not is_dot.any() or is_dot.all():
        return lines
    low, high = lows[~is_dot].min(axis=0), highs[~is_dot].max(axis=0)
    gaps = np.maximum(0, np.maximum(lows - high, low - highs))
    is_far = np.hypot(*gaps.T) > _DOT_REACH * float((high - low).max())
    return [line for line, drop in zip(lines, is_dot & is_far, strict=True) if not drop]


def _scale_to_box(lines: Sequence[np.ndarray], width_px: float) -> list[np.ndarray]:
    """Scale and move all lines so that their ink fills the 20 px box in the frame's middle."""
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0), everything.max(axis=0)
    extent = max(float((high - low).max()), _MIN_EXTENT_PX)
    # The pen is drawn around the line: half its width stands over on each side.
    scale = (BOX_PX - PEN_WIDTH_PX) / extent
    if extent < _TAP_WIDTHS * width_px:
        scale = min(scale, PEN_WIDTH_PX / width_px)
    return [(line - (low + high) / 2) * scale + FRAME_PX / 2 for line in lines]


def _draw(lines: Sequence[np.ndarray]) -> np.ndarray:
    """Draw lines given in frame pixels: `(28 k, 28 k)` uint8 for an oversampling of k."""
    side = FRAME_PX * OVERSAMPLING
    fine = np.zeros((side, side), np.uint8)
    # A pixel's centre is half a pixel from its edge.
    factor = OVERSAMPLING * 2**_SHIFT_BITS
    scaled = [np.round(line * factor - 2**_SHIFT_BITS / 2).astype(np.int32) for line in lines]
    thickness = round(PEN_WIDTH_PX * OVERSAMPLING)
    cv2.polylines(fine, scaled, False, 255, thickness, cv2.LINE_8, _SHIFT_BITS)
    return fine


def _centre(lines: Sequence[np.ndarray], fine: np.ndarray) -> np.ndarray:
    """Draw the lines again with their centre of mass in the middle, as far as the frame goes."""
    side = FRAME_PX * OVERSAMPLING
    mass = (np.array(compute_centre_of_mass(fine)) + 0.5) / OVERSAMPLING
    move = FRAME_PX / 2 - mass
    everything = np.concatenate(lines)
    margin = PEN_WIDTH_PX / 2
    low = margin - everything.min(axis=0)
    high = FRAME_PX - margin - everything.max(axis=0)
    moved = np.eye(2, 3, dtype=np.float32)
    moved[:, 2] = np.round(np.clip(move, low, high) * OVERSAMPLING)
    return cv2.warpAffine(fine, moved, (side, side), flags=cv2.INTER_NEAREST)


def _draw_as_made(strokes: Sequence[Stroke]) -> np.ndarray:
    """The drawing as the person sees it, cropped to a square: `(280, 280)` uint8."""
    side = 280
    everything = np.concatenate([stroke.points for stroke in strokes])
    low, high = everything.min(axis=0), everything.max(axis=0)
    widest = max(stroke.width_px for stroke in strokes)
    scale = side / (max(float((high - low).max()), 1.0) + 1.2 * widest)
    canvas = np.zeros((side, side), np.uint8)
    for stroke in strokes:
        line = (stroke.points - (low + high) / 2) * scale + side / 2
        points = np.round(line * 2**_SHIFT_BITS).astype(np.int32)
        thickness = int(np.clip(round(stroke.width_px * scale), 1, side))
        cv2.polylines(canvas, [points], False, 255, thickness, cv2.LINE_AA, _SHIFT_BITS)
    return canvas
