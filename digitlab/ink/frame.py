"""The frame MNIST's digits stand in: a 20 px box, centre of mass at the centre of 28x28."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError

FRAME_PX = 28
BOX_PX = 20


def frame_digit(ink: np.ndarray, *, box_px: int = BOX_PX) -> np.ndarray:
    """Centre one digit in a 28x28 frame, the way MNIST was made.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0.
        box_px: longest side of the digit after scaling, in pixels.
    Returns:
        `(28, 28)` uint8, centre of mass at the frame's centre.
    Raises:
        EmptyInkError: no pixel is ink.
    Source: LeCun et al. 1998, section III; the MNIST page's description of the 20x20 box.
    """
    return centre_by_mass(scale_to_box(crop_to_ink(ink), box_px=box_px))


def crop_to_ink(ink: np.ndarray) -> np.ndarray:
    """Cut away the empty margin.

    Args:
        ink: `(h, w)` uint8.
    Returns:
        The smallest rectangle that holds all ink, uint8.
    Raises:
        EmptyInkError: no pixel is ink.
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale_to_box(ink: np.ndarray, *, box_px: int = BOX_PX) -> np.ndarray:
    """Scale so that the longer side is `box_px`, keeping the aspect and smooth edges.

    Args:
        ink: `(h, w)` uint8.
    Returns:
        `(h', w')` uint8 with `max(h', w') == box_px`.
    """
    height, width = ink.shape
    scale = box_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Area averaging is the antialiased way down; on the way up it would leave blocks.
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def centre_by_mass(ink: np.ndarray, *, frame_px: int = FRAME_PX) -> np.ndarray:
    """Place a small digit in an empty frame, centre of mass at the frame's centre.

    Args:
        ink: `(h, w)` uint8, both at most `frame_px`.
    Returns:
        `(frame_px, frame_px)` uint8. A digit whose mass is far off its middle is moved as far
        as the frame allows, never cut.
    Raises:
        EmptyInkError: no pixel is ink.
    """
    height, width = ink.shape
    x, y = compute_centre_of_mass(ink)
    # MNIST's centre of mass lies between the pixels 13 and 14.
    centre = (frame_px - 1) / 2
    left = int(np.clip(round(centre - x), 0, frame_px - width))
    top = int(np.clip(round(centre - y), 0, frame_px - height))
    frame = np.zeros((frame_px, frame_px), np.uint8)
    frame[top : top + height, left : left + width] = ink
    return frame


def compute_centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    """The `(x, y)` of the ink's centre of mass, in pixels.

    Raises:
        EmptyInkError: no pixel is ink.
    """
    moments = cv2.moments(ink)
    if moments["m00"] == 0:
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
