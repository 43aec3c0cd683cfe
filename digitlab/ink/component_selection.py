"""Of all ink on a page, what belongs to the digit."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.binarize import SMALL_PICTURE_PX, InkMap

# Blobs smaller than this share of the largest one are specks, not strokes.
_SPECK_SHARE = 0.02
# A part of the digit lies no farther from its main part than this share of that part's size.
_REACH = 0.35
# A piece of a broken line has some size itself, and lies close to another piece.
_PIECE_SHARE, _BREAK = 0.15, 0.12
# A blob inside the picture is preferred to one at its edge that is up to 50 times weightier.
_INNER_SHARE = 0.02
# Smaller than this share of a frame nothing within it is taken for a digit.
_MIN_DIGIT = 0.06
# A frame is as wide and high as this share of the picture, and all but a rest of it lies in a band
# along its own four sides; a large 0 comes nowhere near that.
_MIN_FRAME, _FRAME_BAND, _FRAME_REST = 0.4, 0.08, 0.1


def select_digit_components(page: InkMap) -> np.ndarray:
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
    is_frame = _find_frames(labels, stats)
    keep = np.concatenate([[False], _choose_parts(stats[1:].astype(float), mask.shape, is_frame)])
    chosen = keep[labels]
    # With its soft edge, but without its neighbours'.
    around = cv2.dilate(chosen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    other = (labels > 0) & ~chosen
    return np.where(around & ~other, page.strength, 0).astype(np.float32)


def _find_frames(labels: np.ndarray, stats: np.ndarray) -> np.ndarray:
    """Which blobs are a frame drawn around the others: `(n,)` bool, the background left out."""
    x, y, w, h, _ = stats[1:].T
    is_frame = np.zeros(len(x), bool)
    for k in np.flatnonzero(np.minimum(w / labels.shape[1], h / labels.shape[0]) > _MIN_FRAME):
        within = (x > x[k]) & (y > y[k]) & (x + w < x[k] + w[k]) & (y + h < y[k] + h[k])
        if not (within & (np.maximum(w, h) > _MIN_DIGIT * max(w[k], h[k]))).any():
            continue
        blob = labels[y[k] : y[k] + h[k], x[k] : x[k] + w[k]] == k + 1
        margin_y, margin_x = (max(2, round(_FRAME_BAND * side)) for side in blob.shape)
        inner = np.count_nonzero(blob[margin_y:-margin_y, margin_x:-margin_x])
        is_frame[k] = inner < _FRAME_REST * np.count_nonzero(blob)
    return is_frame


def _choose_parts(stats: np.ndarray, shape: tuple[int, ...], is_frame: np.ndarray) -> np.ndarray:
    """Which blobs make up the digit: `(n,)` bool, from their boxes and areas `(n, 5)`."""
    height, width = shape
    x, y, w, h, area = stats.T
    touches = (x <= 1) | (y <= 1) | (x + w >= width - 1) | (y + h >= height - 1)
    # A cut-out has no table around it: there the digit itself reaches the edge.
    touches &= max(shape) >= SMALL_PICTURE_PX
    touches |= is_frame
    size = np.maximum(w, h)
    off_centre = np.hypot((x + w / 2) / width - 0.5, (y + h / 2) / height - 0.5)
    score = np.sqrt(area) * size * (1 - off_centre)
    # What touches the edge is a table, a shadow or a frame, unless all else is tiny beside it.
    inner = np.where(touches, 0, score)
    if inner.max() > _INNER_SHARE * score.max():
        score = inner
    main = int(np.argmax(score))
    may_belong = (area >= _SPECK_SHARE * area[main]) & (~touches | touches[main])
    keep = may_belong & (_measure_gaps(stats, main) <= _REACH * size[main])
    keep[main] = True
    # A broken line goes on from piece to piece.
    open_ends = [int(k) for k in np.flatnonzero(keep)]
    large = may_belong & (area >= _PIECE_SHARE * area[main])
    while open_ends:
        joined = large & ~keep & (_measure_gaps(stats, open_ends.pop()) <= _BREAK * size[main])
        keep |= joined
        open_ends.extend(int(k) for k in np.flatnonzero(joined))
    return np.asarray(keep)


def _measure_gaps(stats: np.ndarray, k: int) -> np.ndarray:
    """How far each blob's box is from blob k's: `(n,)`, 0 where they overlap."""
    x, y, w, h, _ = stats.T
    gap_x = np.maximum(0, np.maximum(x - (x[k] + w[k]), x[k] - (x + w)))
    gap_y = np.maximum(0, np.maximum(y - (y[k] + h[k]), y[k] - (y + h)))
    return np.hypot(gap_x, gap_y)
