"""Select the connected components of a page that belong to the digit."""

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.binarize import SMALL_PICTURE_PX, InkMap

# Components below this fraction of the main component's area are specks.
_MIN_AREA = 0.02
# A component belongs to the digit up to this distance from the main component, as a fraction of
# the main component's size.
_MAX_DISTANCE = 0.35
# A piece of an interrupted stroke has at least this fraction of the main component's area, and
# lies within this distance of another piece.
_MIN_PIECE_AREA, _MAX_PIECE_DISTANCE = 0.15, 0.12
# Components at the page's edge are ignored if one inside scores at least this fraction of theirs.
_MIN_INNER_SCORE = 0.02
# A digit inside a frame is at least this fraction of the frame's size.
_MIN_DIGIT_SIZE = 0.06
# A frame spans at least this fraction of the page in both directions. All but a small rest of its
# pixels lie in a band along its four sides, which is not true of a large 0.
_MIN_FRAME_SIZE, _FRAME_BAND, _MAX_FRAME_REST = 0.4, 0.08, 0.1


def select_digit_components(page: InkMap) -> np.ndarray:
    """Keep the main component of a page and the components that belong to the same digit.

    Args:
        page: all ink of the page.
    Returns:
        `(h, w)` float32, the ink's strength on the digit, 0 elsewhere.
    Raises:
        EmptyInkError: there is no ink.
    """
    mask = (page.strength > page.threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        raise EmptyInkError("No ink was found.")
    is_frame = _find_frames(labels, stats)
    is_digit = _select_components(stats[1:].astype(float), mask.shape, is_frame)
    selected = np.concatenate([[False], is_digit])[labels]
    # With the soft edge, but without the neighbours' ink.
    widened = cv2.dilate(selected.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    is_other = (labels > 0) & ~selected
    return np.where(widened & ~is_other, page.strength, 0).astype(np.float32)


def _find_frames(labels: np.ndarray, stats: np.ndarray) -> np.ndarray:
    """Which components are a frame around others: `(n,)` bool, without the background."""
    x, y, w, h, _ = stats[1:].T
    is_frame = np.zeros(len(x), bool)
    for k in np.flatnonzero(np.minimum(w / labels.shape[1], h / labels.shape[0]) > _MIN_FRAME_SIZE):
        is_inside = (x > x[k]) & (y > y[k]) & (x + w < x[k] + w[k]) & (y + h < y[k] + h[k])
        if not (is_inside & (np.maximum(w, h) > _MIN_DIGIT_SIZE * max(w[k], h[k]))).any():
            continue
        component = labels[y[k] : y[k] + h[k], x[k] : x[k] + w[k]] == k + 1
        band_y, band_x = (max(2, round(_FRAME_BAND * side)) for side in component.shape)
        n_rest = np.count_nonzero(component[band_y:-band_y, band_x:-band_x])
        is_frame[k] = n_rest < _MAX_FRAME_REST * np.count_nonzero(component)
    return is_frame


def _select_components(
    stats: np.ndarray, shape: tuple[int, ...], is_frame: np.ndarray
) -> np.ndarray:
    """Which components make up the digit: `(n,)` bool, from boxes and areas `(n, 5)`."""
    height, width = shape
    x, y, w, h, area = stats.T
    is_outer = (x <= 1) | (y <= 1) | (x + w >= width - 1) | (y + h >= height - 1)
    # In a tight crop the digit itself reaches the edge.
    is_outer &= max(shape) >= SMALL_PICTURE_PX
    is_outer |= is_frame
    size = np.maximum(w, h)
    off_centre = np.hypot((x + w / 2) / width - 0.5, (y + h / 2) / height - 0.5)
    score = np.sqrt(area) * size * (1 - off_centre)
    # What touches the edge is a table, a shadow or a frame, unless all else is tiny.
    inner_score = np.where(is_outer, 0, score)
    if inner_score.max() > _MIN_INNER_SCORE * score.max():
        score = inner_score
    main = int(np.argmax(score))
    is_candidate = (area >= _MIN_AREA * area[main]) & (~is_outer | is_outer[main])
    is_digit = is_candidate & (_compute_distances(stats, main) <= _MAX_DISTANCE * size[main])
    is_digit[main] = True
    # Follow an interrupted stroke from piece to piece.
    pending = [int(k) for k in np.flatnonzero(is_digit)]
    is_piece = is_candidate & (area >= _MIN_PIECE_AREA * area[main])
    while pending:
        is_near = _compute_distances(stats, pending.pop()) <= _MAX_PIECE_DISTANCE * size[main]
        added = is_piece & ~is_digit & is_near
        is_digit |= added
        pending.extend(int(k) for k in np.flatnonzero(added))
    return np.asarray(is_digit)


def _compute_distances(stats: np.ndarray, k: int) -> np.ndarray:
    """Distance of each component's box from that of component k: `(n,)`, 0 where they overlap."""
    x, y, w, h, _ = stats.T
    gap_x = np.maximum(0, np.maximum(x - (x[k] + w[k]), x[k] - (x + w)))
    gap_y = np.maximum(0, np.maximum(y - (y[k] + h[k]), y[k] - (y + h)))
    return np.hypot(gap_x, gap_y)
