"""From the ink of one digit to MNIST's frame with MNIST's pen."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError

FRAME_PX = 28
BOX_PX = 20
# Digits are placed this much larger and averaged down, which keeps their edges smooth.
OVERSAMPLING = 8
# Pens of MNIST's writers, in its 28x28 frame; what is thinner or thicker is brought here.
THINNEST_PX = 2.2
THICKEST_PX = 3.4


def frame_digit(ink: np.ndarray) -> np.ndarray:
    """Centre one digit in a 28x28 frame, the way MNIST was made.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0.
    Returns:
        `(28, 28)` uint8, centre of mass at the frame's centre. A digit whose mass is far off its
        middle is moved as far as the frame allows, never cut.
    Raises:
        EmptyInkError: no pixel is ink.
    Source: LeCun et al. 1998, section III; the MNIST page's description of the 20x20 box.
    """
    return shrink_to_frame(place_in_frame(ink))


def place_in_frame(ink: np.ndarray) -> np.ndarray:
    """The digit in its frame, eight times as large.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0; what is above 127 decides where the digit ends.
    Returns:
        `(224, 224)` uint8.
    Raises:
        EmptyInkError: no pixel is ink.
    """
    side = FRAME_PX * OVERSAMPLING
    is_ink = ink > 127
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not len(rows):
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    low = np.array([columns[0], rows[0]], float)
    high = np.array([columns[-1] + 1, rows[-1] + 1], float)
    scale = BOX_PX * OVERSAMPLING / (high - low).max()
    mass = np.array(compute_centre_of_mass(ink)) + 0.5
    move = np.clip(side / 2 - mass * scale, -low * scale, side - high * scale)
    matrix = np.array([[scale, 0, move[0]], [0, scale, move[1]]])
    # Pixel centres lie half a pixel in.
    matrix[:, 2] += 0.5 * scale - 0.5
    return cv2.warpAffine(ink, matrix, (side, side), flags=cv2.INTER_LINEAR)


def shrink_to_frame(fine: np.ndarray) -> np.ndarray:
    """Average `(224, 224)` down to `(28, 28)`."""
    return cv2.resize(fine, (FRAME_PX, FRAME_PX), interpolation=cv2.INTER_AREA)


def compute_centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    """The `(x, y)` of the ink's centre of mass, in pixels.

    Raises:
        EmptyInkError: no pixel is ink.
    """
    moments = cv2.moments(ink)
    if moments["m00"] == 0:
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def normalize_pen_and_frame(
    strength: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bring one digit's ink into the frame with a usual pen width.

    Args:
        strength: `(h, w)` float32, 0 paper, 1 full ink.
        threshold: ink begins here.
    Returns:
        `(28, 28)` uint8, and the digit before it was made that small, `(224, 224)` uint8.
    """
    mask = _enlarge(strength, threshold)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    width_px = measure_width(inside[mask > 0])
    box = BOX_PX * OVERSAMPLING
    scale = BOX_PX / box
    wanted_px = float(np.clip(width_px * scale, THINNEST_PX, THICKEST_PX))
    # A border of grow/2 all around also makes the box larger, which is then scaled back.
    grow = (box * wanted_px - BOX_PX * width_px) / (BOX_PX - wanted_px)
    grow = float(np.clip(grow, -0.6 * width_px, box))
    fine = place_in_frame(_change_width(mask, inside, grow))
    return shrink_to_frame(fine), fine


def _change_width(mask: np.ndarray, inside: np.ndarray, grow: float) -> np.ndarray:
    """Lines wider by `grow` pixels, thinner if it is negative: `(h, w)` uint8, ink 255."""
    distance = inside - 0.5
    if grow > 0:
        outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
        distance = np.where(mask > 0, distance, 0.5 - outside)
    # Half a pixel on either side of the edge makes it smooth.
    ink = np.clip(distance + (grow + 1) / 2, 0, 1)
    return np.round(ink * 255).astype(np.uint8)


def measure_width(distances: np.ndarray) -> float:
    """A pen's width, from each ink pixel's distance to paper.

    Across a line of width w the distances run from 0 to w/2 and back: their median is w/4.
    """
    return max(4 * float(np.median(distances)) - 1, 1.0)


def _enlarge(strength: np.ndarray, threshold: float) -> np.ndarray:
    """The digit with its longer side 160 px, and room around it: uint8, 1 where ink is."""
    is_ink = strength > threshold
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not len(rows):
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    longer = max(bottom - top, right - left)
    scale = BOX_PX * OVERSAMPLING / longer
    # Room for a thicker pen, and for the soft edge that lies below the threshold.
    room = round(longer / 4) + 2
    padded = cv2.copyMakeBorder(strength, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    cut = padded[top : bottom + 2 * room, left : right + 2 * room]
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    if scale < 1:
        cut = cv2.resize((cut > threshold).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return (cut > 0.35).astype(np.uint8)
    large = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC)
    return (large > threshold).astype(np.uint8)
