"""Remove ink that is not part of a digit from a binarized page, such as the lines of ruled paper.

`CLEANING_STEPS` is the one list of these filters. Every reader runs it and every viewer of the
preprocessing steps shows it: a new filter is one function and one row here.
"""

from collections.abc import Callable

import cv2
import numpy as np

from digitlab.ink.binarize import SMALL_PICTURE_PX, InkMap
from digitlab.ink.edge_bars import measure_edge_bar

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
# A dashed digit has more pieces than this, and fewer than that. Most are shorter than this many pen
# widths, with gaps no longer than that many. Gaps are closed up to this many times the typical one.
_MIN_DASHES, _MAX_DASHES = 3, 80
_MAX_DASH_LENGTH, _MAX_DASH_GAP, _CLOSING = 3.6, 1.7, 1.3
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


def remove_edge_bars(page: InkMap) -> InkMap:
    """Remove bars along the page's sides: a window's border, the lines of a neighbouring cell.

    Args:
        page: the binarized page.
    Returns:
        The page without bars; `page` itself if there are none, or nothing else.
    """
    mask = page.strength > page.threshold
    is_bar, is_separate_bar = np.zeros((2, *mask.shape), bool)
    for turn in range(4):
        bar_px, is_separate = measure_edge_bar(np.rot90(mask, turn))
        np.rot90(is_bar, turn)[:bar_px] = True
        np.rot90(is_separate_bar, turn)[: bar_px * is_separate] = True
    # In a tight crop, a bar that is joined to other ink is a digit's own stroke.
    if _is_tight(mask & ~is_bar, is_bar):
        is_bar = is_separate_bar
    if not is_bar.any() or not (mask & ~is_bar).any():
        return page
    return InkMap(np.where(is_bar, 0, page.strength), page.threshold, page.is_flat)


def join_dashes(page: InkMap) -> InkMap:
    """Close the gaps of a dashed or dotted line, such as a fast mouse leaves.

    Args:
        page: the binarized page.
    Returns:
        The page with whole lines; `page` itself if its ink is not many short pieces in rows.
    """
    mask = (page.strength > page.threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if max(mask.shape) < SMALL_PICTURE_PX or not _MIN_DASHES < count - 1 < _MAX_DASHES:
        return page
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels[mask > 0].astype(int), depth[mask > 0])
    pen_px = 2 * float(np.median(deepest[1:]))
    lengths = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    if np.median(lengths) > _MAX_DASH_LENGTH * pen_px:
        return page
    gap_px = float(np.median([_measure_gap(labels, stats, k) for k in range(1, count)]))
    if gap_px > _MAX_DASH_GAP * pen_px:
        return page
    side = 2 * round(_CLOSING * gap_px / 2) + 3
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(np.pad(mask, side), cv2.MORPH_CLOSE, kernel)[side:-side, side:-side]
    return InkMap(np.where(closed > mask, 1, page.strength), page.threshold, page.is_flat)


# In the order in which they run: the title that pages show, and the filter. A filter returns the
# page it was given if it changes nothing; then no step is shown.
CLEANING_STEPS: tuple[tuple[str, Callable[[InkMap], InkMap]], ...] = (
    ("Bars at the edge removed", remove_edge_bars),
    ("Ruled lines removed", remove_ruled_lines),
    ("Dashes joined", join_dashes),
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


def _is_tight(mask: np.ndarray, is_bar: np.ndarray) -> bool:
    """Whether ink reaches a side of the page that has no bar."""
    for turn in range(4):
        side, bar = (np.rot90(layer, turn) for layer in (mask, is_bar))
        margin = max(1, round(_EDGE_MARGIN * len(side)))
        if not bar[0].all() and side[:margin].any():
            return True
    return False


def _measure_gap(labels: np.ndarray, stats: np.ndarray, k: int) -> float:
    """The distance of a component to the nearest other one."""
    x, y, w, h, _ = stats[k]
    reach = 2 * max(w, h)
    window = labels[max(0, y - reach) : y + h + reach, max(0, x - reach) : x + w + reach]
    distance = cv2.distanceTransform((window != k).astype(np.uint8), cv2.DIST_L2, 5)
    is_other = (window != k) & (window > 0)
    return float(distance[is_other].min()) if is_other.any() else float("inf")


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
