"""Boxes of ink in reading order: rows from top to bottom, each from left to right."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

# x, y, width, height; y down.
Box = tuple[float, float, float, float]

# What is lower than this share of a line is a part of a digit: it says nothing about rows.
_PART_SHARE = 0.35
# Two digits share a row if they overlap vertically by this share of the lower one.
_SAME_ROW_SHARE = 0.4
# A part lies on top of another one of the same digit if they overlap so far in width, with at
# most such a gap between them, and make nothing higher than a line together (both in lines).
_STACKED_SHARE = 0.5
_STACKED_GAP = 0.2
_STACKED_HEIGHT = 1.4


class _HasBox(Protocol):
    @property
    def box(self) -> Box: ...


_Piece = TypeVar("_Piece", bound=_HasBox)


def enclose(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return (left, top, right - left, bottom - top)


def compute_line_height(boxes: Sequence[Box] | np.ndarray) -> float:
    """How high a digit is: the median of what is at least half as high as the highest.

    Args:
        boxes: at least one; any unit.
    Returns:
        The height in the boxes' unit, at least 1.
    """
    heights = np.asarray(boxes, dtype=float)[:, 3]
    return max(float(np.median(heights[heights >= heights.max() / 2])), 1.0)


def join_columns(boxes: Sequence[Box]) -> list[Box]:
    """Join what lies mostly above one another: a digit's strokes may all be lower than a line.

    Args:
        boxes: of one row, by their middles from left to right.
    """
    columns: list[Box] = []
    for box in boxes:
        if columns:
            last = columns[-1]
            overlap = min(last[0] + last[2], box[0] + box[2]) - max(last[0], box[0])
            if overlap >= _STACKED_SHARE * min(last[2], box[2]):
                columns[-1] = enclose([last, box])
                continue
        columns.append(box)
    return columns


def sort_into_rows(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Sort pieces of digits into rows; a line of writing may rise or fall.

    Args:
        pieces: at least one.
    Returns:
        Rows from top to bottom; within a row by the middles of the boxes, left to right.
    """
    boxes = np.array([piece.box for piece in pieces], dtype=float)
    row_of = _link_rows(boxes)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    order = np.argsort(middles[:, 0], kind="stable")
    rows = [order[row_of[order] == row] for row in np.unique(row_of)]
    rows.sort(key=lambda row: float(np.median(middles[row, 1])))
    return [[pieces[k] for k in row] for row in rows]


def _link_rows(boxes: np.ndarray) -> np.ndarray:
    """A number for each box, the same for those of one row."""
    height = compute_line_height(boxes)
    row_of = np.arange(len(boxes))

    def link(one: int, other: int) -> None:
        row_of[row_of == row_of[one]] = row_of[other]

    gaps = _compute_gaps(boxes)
    for one, other in np.argwhere(np.triu(_find_stacked(boxes, gaps, height), 1)).tolist():
        link(one, other)
    whole = np.flatnonzero(boxes[:, 3] >= _PART_SHARE * height)
    for one in map(int, whole):
        # Only the next to the right: a rising line may end at the height where another begins.
        follows = whole[_share_row(boxes, one, whole) & (whole != one)]
        follows = follows[boxes[follows, 0] + boxes[follows, 2] / 2 >= _middle_x(boxes, one)]
        if len(follows):
            link(one, int(follows[np.argmin(boxes[follows, 0])]))
    parts = np.setdiff1d(np.arange(len(boxes)), whole)
    if len(whole):
        distance = np.maximum(gaps, 0).sum(axis=2)
        for part in map(int, parts):
            link(part, int(whole[np.argmin(distance[part, whole])]))
    return row_of


def _compute_gaps(boxes: np.ndarray) -> np.ndarray:
    """How far boxes are apart: `(n, n, 2)` for x and y, negative where they overlap."""
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    return np.maximum(low[:, None], low[None]) - np.minimum(high[:, None], high[None])


def _find_stacked(boxes: np.ndarray, gaps: np.ndarray, height: float) -> np.ndarray:
    """Which two lie above one another and may be one digit: `(n, n)` bool."""
    narrower = np.minimum(boxes[:, None, 2], boxes[None, :, 2])
    over = -gaps[:, :, 0] >= _STACKED_SHARE * np.maximum(narrower, 1)
    near = gaps[:, :, 1] <= _STACKED_GAP * height
    bottom = boxes[:, 1] + boxes[:, 3]
    together = np.maximum(bottom[:, None], bottom) - np.minimum(boxes[:, None, 1], boxes[:, 1])
    flat = boxes[:, 2] > boxes[:, 3]
    return over & near & ((together <= _STACKED_HEIGHT * height) | (flat[:, None] & flat))


def _share_row(boxes: np.ndarray, one: int, others: np.ndarray) -> np.ndarray:
    top, bottom = boxes[:, 1], boxes[:, 1] + boxes[:, 3]
    overlap = np.minimum(bottom[one], bottom[others]) - np.maximum(top[one], top[others])
    lower = np.minimum(boxes[one, 3], boxes[others, 3])
    return overlap >= _SAME_ROW_SHARE * lower


def _middle_x(boxes: np.ndarray, one: int) -> float:
    return float(boxes[one, 0] + boxes[one, 2] / 2)
