"""Of all ink on a page, what belongs to the digit."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.paper import SMALL_PX, InkMap
from digitlab.ink.ruling import find_ruling

# Blobs smaller than this share of the largest one are specks, not strokes.
_SPECK_SHARE = 0.02
# A part of the digit lies no farther from its main part than this share of that part's size.
_REACH = 0.35
# A blob inside the picture is preferred to one at its edge that is up to 50 times weightier.
_INNER_SHARE = 0.02
# Smaller than this share of the picture nothing on ruled paper is taken for a digit.
_MIN_DIGIT = 0.06


def clean_page(found: InkMap) -> InkMap:
    """Take ruled lines off a page, where something is left that can be a digit.

    Args:
        found: all that differs from the paper.
    """
    mask = (found.strength > found.threshold).astype(np.uint8)
    ruling = find_ruling(mask)
    if not ruling.any():
        return found
    # One more pixel all around: the soft edge of a line is a faint line.
    wide = cv2.dilate(ruling.astype(np.uint8), np.ones((3, 3), np.uint8))
    rest = mask & ~wide.astype(bool)
    tall = cv2.morphologyEx(mask & ~ruling, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not _holds_a_digit(rest.astype(np.uint8)):
        return found
    gone = ruling | ((wide > 0) & (tall == 0))
    return InkMap(np.where(gone, 0, found.strength), found.threshold, found.is_flat)


def _holds_a_digit(mask: np.ndarray) -> bool:
    """Whether a blob of some size lies within the page, away from its edge."""
    height, width = mask.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    x, y, w, h, _ = stats[1:].T
    inside = (x > 1) & (y > 1) & (x + w < width - 1) & (y + h < height - 1)
    return count > 1 and bool((inside & (np.maximum(w, h) > _MIN_DIGIT * max(mask.shape))).any())


def choose_digit(page: InkMap) -> np.ndarray:
    """Keep the one digit of a page: its main part and what belongs to it.

    Args:
        page: all ink of the page.
    Returns:
        `(h, w)` float32, the ink's strength where the digit is, else 0.
    Raises:
        EmptyInkError: there is no ink.
    """
    mask = (page.strength > page.threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    keep = np.concatenate([[False], _choose_parts(stats[1:].astype(float), mask.shape)])
    chosen = keep[labels]
    # With its soft edge, but without its neighbours'.
    around = cv2.dilate(chosen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    other = (labels > 0) & ~chosen
    return np.where(around & ~other, page.strength, 0).astype(np.float32)


def _choose_parts(stats: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which blobs make up the digit: `(n,)` bool, from their boxes and areas `(n, 5)`."""
    height, width = shape
    x, y, w, h, area = stats.T
    touches = (x <= 1) | (y <= 1) | (x + w >= width - 1) | (y + h >= height - 1)
    # A cut-out has no table around it: there the digit itself reaches the edge.
    touches &= max(shape) >= SMALL_PX
    size = np.maximum(w, h)
    off_centre = np.hypot((x + w / 2) / width - 0.5, (y + h / 2) / height - 0.5)
    score = np.sqrt(area) * size * (1 - off_centre)
    # What touches the edge is a table, a shadow or a frame, unless all else is tiny beside it.
    inner = np.where(touches, 0, score)
    if inner.max() > _INNER_SHARE * score.max():
        score = inner
    main = int(np.argmax(score))
    gap_x = np.maximum(0, np.maximum(x - (x[main] + w[main]), x[main] - (x + w)))
    gap_y = np.maximum(0, np.maximum(y - (y[main] + h[main]), y[main] - (y + h)))
    near = np.hypot(gap_x, gap_y) <= _REACH * size[main]
    keep = near & (area >= _SPECK_SHARE * area[main]) & (~touches | touches[main])
    keep[main] = True
    return np.asarray(keep)
