"""Ruled and squared paper: lines from edge to edge, taken away without cutting the digit."""

import cv2
import numpy as np

from digitlab.ink.binarize import InkMap

# A ruled line ends where the picture does; no stroke of a digit with paper around it goes so far.
_MARGIN = 0.035
# Thicker than this share of the picture it is a marker's stroke.
_THICKEST = 0.03
# Straight pieces of this share of the picture belong to a line; so small gaps are bridged.
_PIECE, _GAP = 0.12, 0.015
# Lines may lean: by so many pixels along one piece.
_LEAN_PX = 5
# What is that much thicker than the line, across it, is a stroke that crosses it.
_CROSSING = 1.8
# Smaller pictures are drawings or cut-outs: nobody rules paper there.
_MIN_SIDE_PX = 96
# Smaller than this share of the picture nothing on ruled paper is taken for a digit.
_MIN_DIGIT = 0.06


def remove_ruled_lines(found: InkMap) -> InkMap:
    """Take ruled lines off a page, where something is left that can be a digit.

    Args:
        found: all that differs from the paper.
    """
    mask = (found.strength > found.threshold).astype(np.uint8)
    ruling = find_ruled_lines(mask)
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


def find_ruled_lines(mask: np.ndarray) -> np.ndarray:
    """Find the lines of ruled paper.

    Args:
        mask: `(h, w)` uint8, 1 where ink is.
    Returns:
        `(h, w)` bool, true where a line is and no stroke crosses it.
    """
    if min(mask.shape) < _MIN_SIDE_PX:
        return np.zeros(mask.shape, bool)
    return _find_level_lines(mask) | _find_level_lines(np.ascontiguousarray(mask.T)).T


def _find_level_lines(mask: np.ndarray) -> np.ndarray:
    width = mask.shape[1]
    lines = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _level(round(width * _GAP)))
    lines = cv2.dilate(lines, _level(_LEAN_PX).T)
    lines = cv2.morphologyEx(lines, cv2.MORPH_OPEN, _level(round(width * _PIECE)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines)
    found = np.zeros(mask.shape, bool)
    for k in range(1, count):
        left, length = stats[k, cv2.CC_STAT_LEFT], stats[k, cv2.CC_STAT_WIDTH]
        if left > _MARGIN * width or left + length < (1 - _MARGIN) * width:
            continue
        own = (labels == k) & (mask > 0)
        runs = own.sum(axis=0)
        if not runs.any():
            continue
        thickness = float(np.median(runs[runs > 0]))
        if thickness > _THICKEST * max(mask.shape):
            continue
        tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _level(int(thickness * _CROSSING) + 2).T)
        found |= own & (tall == 0)
    return found


def _level(length: int) -> np.ndarray:
    return np.ones((1, max(length, 1)), np.uint8)
