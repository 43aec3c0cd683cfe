"""Remove ink that is not part of a digit from a binarized page, such as the lines of ruled paper.

`CLEANING_STEPS` is the one list of these filters. Every reader runs it and every viewer of the
preprocessing steps shows it: a new filter is one function and one row here.
"""

from collections.abc import Callable

import cv2
import numpy as np

from digitlab.ink.binarize import InkMap

# A ruled line reaches both edges of the page up to this fraction; a digit has paper around it.
_EDGE_MARGIN = 0.035
# A line thicker than this fraction of the page is a stroke of a marker.
_MAX_THICKNESS = 0.03
# A ruled line has straight segments of this length; gaps up to this length are closed first.
# Both are fractions of the page's width.
_SEGMENT_LENGTH, _GAP_LENGTH = 0.12, 0.015
# A line may drift by this much across one segment.
_DRIFT_PX = 5
# Ink this many times as thick as the line, measured across it, is a stroke that crosses the line.
_CROSSING_FACTOR = 1.8
# Smaller pictures are drawings or crops, which have no ruled lines.
_MIN_SIDE_PX = 96
# A digit on ruled paper is at least this fraction of the page.
_MIN_DIGIT_SIZE = 0.06


def remove_ruled_lines(page: InkMap) -> InkMap:
    """Remove the lines of ruled or squared paper without cutting the digit.

    Args:
        page: the binarized page.
    Returns:
        The page without lines; `page` itself if there are no lines, or if no possible digit would
        remain.
    """
    mask = (page.strength > page.threshold).astype(np.uint8)
    lines = find_ruled_lines(mask)
    if not lines.any():
        return page
    # One more pixel on each side: the soft edge of a line would remain as a faint line.
    widened = cv2.dilate(lines.astype(np.uint8), np.ones((3, 3), np.uint8))
    remaining = mask & ~widened.astype(bool)
    strokes = cv2.morphologyEx(mask & ~lines, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not _may_contain_digit(remaining.astype(np.uint8)):
        return page
    removed = lines | ((widened > 0) & (strokes == 0))
    return InkMap(np.where(removed, 0, page.strength), page.threshold, page.is_flat)


# In the order in which they run: the title that pages show, and the filter. A filter returns the
# page it was given if it changes nothing; then no step is shown.
CLEANING_STEPS: tuple[tuple[str, Callable[[InkMap], InkMap]], ...] = (
    ("Ruled lines removed", remove_ruled_lines),
)


def clean_page(page: InkMap) -> tuple[InkMap, list[tuple[str, InkMap]]]:
    """Run all cleaning steps.

    Args:
        page: the binarized page.
    Returns:
        The cleaned page; and for each step that changed something its title and its result.
    """
    applied = []
    for title, clean in CLEANING_STEPS:
        cleaned = clean(page)
        if cleaned is not page:
            applied.append((title, cleaned))
        page = cleaned
    return page, applied


def find_ruled_lines(mask: np.ndarray) -> np.ndarray:
    """Find the lines of ruled paper.

    Args:
        mask: `(h, w)` uint8, 1 where there is ink.
    Returns:
        `(h, w)` bool, true on a line, except where a stroke crosses it.
    """
    if min(mask.shape) < _MIN_SIDE_PX:
        return np.zeros(mask.shape, bool)
    vertical = _find_horizontal_lines(np.ascontiguousarray(mask.T)).T
    return _find_horizontal_lines(mask) | vertical


def _may_contain_digit(mask: np.ndarray) -> bool:
    """Whether a component of a digit's size lies away from the page's edges."""
    height, width = mask.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    x, y, w, h, _ = stats[1:].T
    is_inside = (x > 1) & (y > 1) & (x + w < width - 1) & (y + h < height - 1)
    is_large = np.maximum(w, h) > _MIN_DIGIT_SIZE * max(mask.shape)
    return count > 1 and bool((is_inside & is_large).any())


def _find_horizontal_lines(mask: np.ndarray) -> np.ndarray:
    width = mask.shape[1]
    candidates = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _row_kernel(round(width * _GAP_LENGTH)))
    candidates = cv2.dilate(candidates, _row_kernel(_DRIFT_PX).T)
    segment = _row_kernel(round(width * _SEGMENT_LENGTH))
    candidates = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, segment)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates)
    lines = np.zeros(mask.shape, bool)
    for k in range(1, count):
        left, length = stats[k, cv2.CC_STAT_LEFT], stats[k, cv2.CC_STAT_WIDTH]
        if left > _EDGE_MARGIN * width or left + length < (1 - _EDGE_MARGIN) * width:
            continue
        line = (labels == k) & (mask > 0)
        thicknesses = line.sum(axis=0)
        if not thicknesses.any():
            continue
        thickness = float(np.median(thicknesses[thicknesses > 0]))
        if thickness > _MAX_THICKNESS * max(mask.shape):
            continue
        crossing = _row_kernel(int(thickness * _CROSSING_FACTOR) + 2).T
        lines |= line & (cv2.morphologyEx(mask, cv2.MORPH_OPEN, crossing) == 0)
    return lines


def _row_kernel(length: int) -> np.ndarray:
    return np.ones((1, max(length, 1)), np.uint8)
