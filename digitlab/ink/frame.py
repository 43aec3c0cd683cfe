"""The frame MNIST's digits stand in: a 20 px box, centre of mass at the centre of 28x28."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError

FRAME_PX = 28
BOX_PX = 20
# Digits are placed this much larger and averaged down, which keeps their edges smooth.
OVERSAMPLING = 8


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
