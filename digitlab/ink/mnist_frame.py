"""Place the ink of one digit in MNIST's 28x28 frame, with MNIST's pen width."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError

FRAME_PX = 28
BOX_PX = 20
# Digits are placed at this many times the frame's size and averaged down, for smooth edges.
OVERSAMPLING = 8
# The range of pen widths in MNIST's 28x28 frame; other widths are moved to its nearest end.
MIN_PEN_PX = 2.2
MAX_PEN_PX = 3.4


def place_in_frame(ink: np.ndarray) -> np.ndarray:
    """Centre one digit in a frame eight times as large as MNIST's, the way MNIST was made.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0; pixels above 127 define the digit's extent.
    Returns:
        `(224, 224)` uint8, the digit's longer side 160 px, its centre of mass at the frame's
        centre. A digit with an eccentric centre of mass is moved as far as no ink leaves the frame.
    Raises:
        EmptyInkError: no pixel is ink.
    Source: LeCun et al. 1998, section III; the MNIST page's description of the 20x20 box.
    """
    side = FRAME_PX * OVERSAMPLING
    left, top, right, bottom = _find_extent(ink > 127)
    low, high = np.array([left, top], float), np.array([right, bottom], float)
    scale = BOX_PX * OVERSAMPLING / (high - low).max()
    mass = np.array(compute_centre_of_mass(ink)) + 0.5
    shift = np.clip(side / 2 - mass * scale, -low * scale, side - high * scale)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    # Pixel centres have half-pixel coordinates.
    matrix[:, 2] += 0.5 * scale - 0.5
    return cv2.warpAffine(ink, matrix, (side, side), flags=cv2.INTER_LINEAR)


def shrink_to_frame(enlarged: np.ndarray) -> np.ndarray:
    """Average `(224, 224)` down to `(28, 28)`."""
    return cv2.resize(enlarged, (FRAME_PX, FRAME_PX), interpolation=cv2.INTER_AREA)


def compute_centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    """Return the `(x, y)` of the ink's centre of mass, in pixels.

    Raises:
        EmptyInkError: no pixel is ink.
    """
    moments = cv2.moments(ink)
    if moments["m00"] == 0:
        raise EmptyInkError("No ink was found.")
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def normalize_pen_and_frame(
    strength: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bring one digit to MNIST's frame and pen width.

    Args:
        strength: `(h, w)` float32, 0 paper, 1 full ink.
        threshold: pixels above it are ink.
    Returns:
        `(28, 28)` uint8, and the same before it was averaged down, `(224, 224)` uint8.
    Raises:
        EmptyInkError: no pixel is ink.
    """
    mask = _enlarge(strength, threshold)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    width_px = estimate_pen_width(depth[mask > 0])
    box = BOX_PX * OVERSAMPLING
    target_px = float(np.clip(width_px * BOX_PX / box, MIN_PEN_PX, MAX_PEN_PX))
    # Growing the strokes by g also enlarges the box by g, which place_in_frame scales back:
    # (width + g) * BOX_PX / (box + g) = target, solved for g.
    growth = (box * target_px - BOX_PX * width_px) / (BOX_PX - target_px)
    growth = float(np.clip(growth, -0.6 * width_px, box))
    enlarged = place_in_frame(_grow_strokes(mask, depth, growth))
    return shrink_to_frame(enlarged), enlarged


def estimate_pen_width(depths: np.ndarray) -> float:
    """Estimate a pen's width from the distances of its ink pixels to the nearest paper.

    Across a stroke of width w the distances rise from 0 to w/2 and fall again: their median is w/4.
    """
    return max(4 * float(np.median(depths)) - 1, 1.0)


def _find_extent(is_ink: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink, the last two exclusive."""
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not len(rows):
        raise EmptyInkError("No ink was found.")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _grow_strokes(mask: np.ndarray, depth: np.ndarray, growth: float) -> np.ndarray:
    """Widen strokes by `growth` pixels; negative values thin them: `(h, w)` uint8, ink 255."""
    signed_depth = depth - 0.5
    if growth > 0:
        outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
        signed_depth = np.where(mask > 0, signed_depth, 0.5 - outside)
    # A ramp of one pixel across the edge makes it smooth.
    ink = np.clip(signed_depth + (growth + 1) / 2, 0, 1)
    return np.round(ink * 255).astype(np.uint8)


def _enlarge(strength: np.ndarray, threshold: float) -> np.ndarray:
    """Scale the digit's longer side to 160 px and pad it: uint8, 1 where there is ink."""
    left, top, right, bottom = _find_extent(strength > threshold)
    longer = max(bottom - top, right - left)
    scale = BOX_PX * OVERSAMPLING / longer
    # For a thicker pen, and for the soft edge below the threshold.
    margin = round(longer / 4) + 2
    padded = cv2.copyMakeBorder(
        strength, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0
    )
    crop = padded[top : bottom + 2 * margin, left : right + 2 * margin]
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    if scale < 1:
        is_ink = (crop > threshold).astype(np.float32)
        return (cv2.resize(is_ink, size, interpolation=cv2.INTER_AREA) > 0.35).astype(np.uint8)
    enlarged = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)
    return (enlarged > threshold).astype(np.uint8)
