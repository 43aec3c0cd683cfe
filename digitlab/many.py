"""Read several digits in one drawing or picture: what belongs together, and what it says.

Pieces of ink come in rows from left to right. Every few neighbours are a candidate for one digit;
the network reads all candidates, and of all ways to part a row into candidates the cheapest is
taken. What a candidate costs says how little it looks like one digit: to the network, and by gaps
within it, by its width and height.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.drawing import Stroke, prepare_drawing
from digitlab.ink.frame import frame_digit
from digitlab.ink.picture import _extract_ink, _remove_specks
from digitlab.ink.rows import Box, compute_line_height, enclose
from digitlab.ink.segment import (
    InkPiece,
    StrokePiece,
    merge_ink,
    merge_strokes,
    segment_drawing,
    segment_picture,
)
from digitlab.reader import Answer, DigitReader

# So many neighbouring pieces are one digit at most.
_MAX_TOGETHER = 6
# Candidates with a wider gap inside or wider than this, in line heights, are not even read.
_MAX_GAP = 0.4
_MAX_WIDTH = 1.6
# The network's doubt counts up to this many nats: it may be a digit badly drawn.
_MAX_DOUBT = 6.0


@dataclass(frozen=True)
class Costs:
    """What makes a reading less likely, in nats.

    Chosen by `benchmarks/many_digits.py` on half of the writers.

    Attributes:
        gap: a gap within a digit, a line height.
        width: a digit wider than high, a line height more than 1.
        low: a digit lower than the line, a line height less than 0.7.
        overlap: two digits over one another, all of the narrower one.
        cut: ink cut through between two digits, a pen width.
    """

    gap: float = 12.0
    width: float = 8.0
    low: float = 8.0
    overlap: float = 5.0
    cut: float = 2.0


COSTS = Costs()


@dataclass(frozen=True)
class DigitInBox:
    """One of several digits.

    Attributes:
        answer: what it is.
        box: where it is: x, y, width, height, in pixels of the drawing or picture; y down.
    """

    answer: Answer
    box: Box


@dataclass(frozen=True)
class _Candidate:
    """Pieces `begin` to `end` (not included) of a row, as one digit."""

    begin: int
    end: int
    box: Box
    cost: float


_Piece = TypeVar("_Piece", StrokePiece, InkPiece)


def read_many_drawing(strokes: Sequence[Stroke], reader: DigitReader) -> list[DigitInBox]:
    """Read all digits of a drawing, row by row, from left to right.

    Args:
        strokes: as drawn; canvas pixels.
    Returns:
        The digits with the boxes around their ink; also what is no digit (`answer.is_digit`).
    Raises:
        EmptyInkError: there is no stroke.
    """

    def frame(pieces: Sequence[StrokePiece]) -> np.ndarray:
        return prepare_drawing(merge_strokes(pieces).strokes).image

    return [
        DigitInBox(answer, _pad_by_pen(merge_strokes(pieces)))
        for pieces, answer in _read_rows(segment_drawing(strokes), frame, reader)
    ]


def read_many_picture(grey: np.ndarray, reader: DigitReader) -> list[DigitInBox]:
    """Read all digits of a picture, row by row, from left to right.

    Args:
        grey: `(h, w)` uint8 from `decode_picture`.
    Returns:
        The digits with the boxes around their ink; also what is no digit (`answer.is_digit`).
    Raises:
        EmptyInkError: the picture is one colour.
    """

    def frame(pieces: Sequence[InkPiece]) -> np.ndarray:
        return frame_digit(merge_ink(pieces).ink)

    return [
        DigitInBox(answer, merge_ink(pieces).box)
        for pieces, answer in _read_rows(segment_picture(extract_page(grey)), frame, reader)
    ]


def extract_page(grey: np.ndarray) -> np.ndarray:
    """The ink of a whole page: `(h, w)` uint8, ink 255, paper 0."""
    return _remove_specks(_extract_ink(grey))


def _read_rows(
    rows: list[list[_Piece]],
    frame: Callable[[Sequence[_Piece]], np.ndarray],
    reader: DigitReader,
) -> list[tuple[list[_Piece], Answer]]:
    """For each digit its pieces and the answer."""
    height = compute_line_height([piece.box for row in rows for piece in row])
    found = []
    for row in rows:
        candidates = _list_candidates(row, height)
        images = [frame(row[one.begin : one.end]) for one in candidates]
        answers = dict(zip(candidates, reader.read_many(np.stack(images)), strict=True))
        for one in _choose(row, answers, height):
            found.append((row[one.begin : one.end], answers[one]))
    if not found:
        raise EmptyInkError("There is no digit here.")
    return found


def _list_candidates(row: Sequence[_Piece], height: float) -> list[_Candidate]:
    """Every few neighbours that could be one digit, with what their shape costs."""
    candidates = []
    right_before = -math.inf
    for begin in range(len(row)):
        right = -math.inf
        gaps = 0.0
        for end in range(begin + 1, min(begin + _MAX_TOGETHER, len(row)) + 1):
            piece = row[end - 1].box
            gap = (piece[0] - right) / height if end > begin + 1 else 0.0
            gaps += max(gap, 0.0)
            right = max(right, piece[0] + piece[2])
            box = enclose([piece.box for piece in row[begin:end]])
            # A single piece is always read: there is nothing smaller.
            if end > begin + 1 and (gaps > _MAX_GAP or box[2] > _MAX_WIDTH * height):
                break
            cost = _compute_shape_cost(box, height) + COSTS.gap * gaps
            if begin:
                overlap = (right_before - box[0]) / max(min(box[2], row[begin - 1].box[2]), height / 4)
                cost += COSTS.overlap * min(max(overlap, 0.0), 1.0)
                cost += COSTS.cut * row[begin].cut_cost
            candidates.append(_Candidate(begin, end, box, cost))
        right_before = max(right_before, row[begin].box[0] + row[begin].box[2])
    return candidates


def _compute_shape_cost(box: Box, height: float) -> float:
    wide = max(box[2] / max(box[3], height) - 1, 0.0)
    low = max(0.7 - box[3] / height, 0.0)
    return COSTS.width * wide + COSTS.low * low


def _choose(
    row: Sequence[_Piece], answers: dict[_Candidate, Answer], height: float
) -> list[_Candidate]:
    """The cheapest candidates that together make up the whole row, from left to right."""
    cheapest = [0.0] + [math.inf] * len(row)
    last: list[_Candidate | None] = [None] * (len(row) + 1)
    # Candidates come by where they begin: all ways to there are known by then.
    for one, answer in answers.items():
        cost = cheapest[one.begin] + one.cost + _compute_doubt(answer)
        if cost < cheapest[one.end]:
            cheapest[one.end], last[one.end] = cost, one
    chosen = []
    end = len(row)
    while end:
        one = last[end]
        assert one is not None
        chosen.append(one)
        end = one.begin
    return chosen[::-1]


def _compute_doubt(answer: Answer) -> float:
    share = answer.confidence * (1 - answer.no_digit)
    return min(-math.log(max(share, 1e-9)), _MAX_DOUBT)


def _pad_by_pen(piece: StrokePiece) -> Box:
    x, y, width, height = piece.box
    pen = max(stroke.width_px for stroke in piece.strokes)
    return (x - pen / 2, y - pen / 2, width + pen, height + pen)
