"""Sort boxes of ink into reading order: rows from top to bottom, each from left to right."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

# x, y, width, height; y down.
Box = tuple[float, float, float, float]

# A box of less than this fraction of the line height is part of a digit and does not define a row.
_MIN_ROW_HEIGHT = 0.35
# Two digits share a row if they overlap vertically by this fraction of the lower one's height.
_MIN_ROW_OVERLAP = 0.4
# Two parts of one digit are stacked if they overlap horizontally by this fraction of the narrower
# one's width, and if the gap between them and their joint height are at most these line heights.
_MIN_STACKED_OVERLAP = 0.5
_MAX_STACKED_GAP = 0.2
_MAX_STACKED_HEIGHT = 1.4


class _HasBox(Protocol):
    @property
    def box(self) -> Box: ...


_Piece = TypeVar("_Piece", bound=_HasBox)


def enclose(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around all boxes."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return (left, top, right - left, bottom - top)


def compute_line_height(boxes: Sequence[Box] | np.ndarray) -> float:
    """Estimate a digit's height: the median over all boxes of at least half the largest height.

    Args:
        boxes: at least one; any unit.
    Returns:
        The height in the boxes' unit, at least 1.
    """
    heights = np.asarray(boxes, dtype=float)[:, 3]
    return max(float(np.median(heights[heights >= heights.max() / 2])), 1.0)


def join_columns(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that lie above one another, because a digit's strokes may all be low.

    Args:
        boxes: of one row, by their centres from left to right.
    Returns:
        Boxes that overlap horizontally at most by half of the narrower one.
    """
    columns: list[Box] = []
    for box in boxes:
        if columns:
            last = columns[-1]
            overlap = min(last[0] + last[2], box[0] + box[2]) - max(last[0], box[0])
            if overlap >= _MIN_STACKED_OVERLAP * min(last[2], box[2]):
                columns[-1] = enclose([last, box])
                continue
        columns.append(box)
    return columns


def sort_into_rows(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Sort pieces of digits into rows, which may rise or fall.

    Args:
        pieces: at least one.
    Returns:
        Rows from top to bottom; in a row by the centres of the boxes from left to right.
    """
    boxes = np.array([piece.box for piece in pieces], dtype=float)
    row_of = _link_rows(boxes)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    order = np.argsort(centres[:, 0], kind="stable")
    rows = [order[row_of[order] == row] for row in np.unique(row_of)]
    rows.sort(key=lambda row: float(np.median(centres[row, 1])))
    return [[pieces[k] for k in row] for row in rows]


def _link_rows(boxes: np.ndarray) -> np.ndarray:
    """A row id for each box: `(n,)`, unordered."""
    height = compute_line_height(boxes)
    row_of = np.arange(len(boxes))

    def link(one: int, other: int) -> None:
        row_of[row_of == row_of[one]] = row_of[other]

    gaps = _compute_gaps(boxes)
    for one, other in np.argwhere(np.triu(_find_stacked(boxes, gaps, height), 1)).tolist():
        link(one, other)
    tall = np.flatnonzero(boxes[:, 3] >= _MIN_ROW_HEIGHT * height)
    for index in map(int, tall):
        # Only the nearest to the right: a rising row may end at the height where another begins.
        right = tall[_share_row(boxes, index, tall) & (tall != index)]
        right = right[boxes[right, 0] + boxes[right, 2] / 2 >= _get_centre_x(boxes, index)]
        if len(right):
            link(index, int(right[np.argmin(boxes[right, 0])]))
    parts = np.setdiff1d(np.arange(len(boxes)), tall)
    if len(tall):
        distance = np.maximum(gaps, 0).sum(axis=2)
        for part in map(int, parts):
            link(part, int(tall[np.argmin(distance[part, tall])]))
    return row_of


def _compute_gaps(boxes: np.ndarray) -> np.ndarray:
    """Gaps between boxes: `(n, n, 2)` for x and y, negative where they overlap."""
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    return np.maximum(low[:, None], low[None]) - np.minimum(high[:, None], high[None])


def _find_stacked(boxes: np.ndarray, gaps: np.ndarray, height: float) -> np.ndarray:
    """Which pairs lie above one another and may be one digit: `(n, n)` bool."""
    narrower = np.minimum(boxes[:, None, 2], boxes[None, :, 2])
    is_above = -gaps[:, :, 0] >= _MIN_STACKED_OVERLAP * np.maximum(narrower, 1)
    is_near = gaps[:, :, 1] <= _MAX_STACKED_GAP * height
    bottom = boxes[:, 1] + boxes[:, 3]
    joint_height = np.maximum(bottom[:, None], bottom) - np.minimum(boxes[:, None, 1], boxes[:, 1])
    is_low = joint_height <= _MAX_STACKED_HEIGHT * height
    is_flat = boxes[:, 2] > boxes[:, 3]
    return is_above & is_near & (is_low | (is_flat[:, None] & is_flat))


def _share_row(boxes: np.ndarray, one: int, others: np.ndarray) -> np.ndarray:
    top, bottom = boxes[:, 1], boxes[:, 1] + boxes[:, 3]
    overlap = np.minimum(bottom[one], bottom[others]) - np.maximum(top[one], top[others])
    lower = np.minimum(boxes[one, 3], boxes[others, 3])
    return overlap >= _MIN_ROW_OVERLAP * lower


def _get_centre_x(boxes: np.ndarray, one: int) -> float:
    return float(boxes[one, 0] + boxes[one, 2] / 2)
