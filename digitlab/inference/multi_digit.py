"""Read several digits in one drawing or picture: what belongs together, and what it says.

Pieces of ink come in rows from left to right. Every few neighbours are a candidate for one digit;
the network reads all candidates, and of all ways to part a row into candidates the cheapest is
taken. What it costs says how little it looks like one digit: to the network, by gaps and size.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink.binarize import binarize_picture
from digitlab.ink.cleaning import clean_page
from digitlab.ink.drawing import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.mnist_frame import normalize_pen_and_frame
from digitlab.ink.reading_order import Box, compute_line_height, enclose, join_columns
from digitlab.ink.segmentation import (
    SOLID,
    InkPiece,
    StrokePiece,
    merge_ink,
    merge_strokes,
    segment_drawing,
    segment_picture,
)

# So many neighbouring pieces are one digit at most.
_MAX_TOGETHER = 6
# Candidates with a wider gap inside or wider than this, in line heights, are not even read.
_MAX_GAP = 0.4
_MAX_WIDTH = 1.6
# The network's doubt counts up to this many nats: it may be a digit badly drawn.
_MAX_DOUBT = 6.0
_Piece = TypeVar("_Piece", StrokePiece, InkPiece)


@dataclass(frozen=True)
class SegmentationCosts:
    """What makes a reading less likely, in nats; lengths in line heights.

    Chosen with `benchmarks/many_digits.py` on half of the writers.

    Attributes:
        gap: each line height of gap within a digit.
        width: each line height that a digit is wider than `usual_width`.
        height: each line height that a digit is lower than `usual_height`.
        overlap: two digits over one another, for all of the narrower one.
        cut: each pen width of ink that is cut through between two digits.
        digit: each digit more; below 0, because the network is sure of two digits as well.
    """

    gap: float = 7.0
    width: float = 3.0
    usual_width: float = 0.95
    height: float = 11.0
    usual_height: float = 0.8
    overlap: float = 0.6
    cut: float = 0.2
    digit: float = -0.27


SEGMENTATION_COSTS = SegmentationCosts()


@dataclass(frozen=True)
class Candidate:
    """Pieces `begin` to `end` (not included) of a row, as one digit; lengths in line heights."""

    begin: int
    end: int
    width: float
    height: float
    gap: float
    overlap: float
    cut: float


def list_candidates(row: Sequence[StrokePiece | InkPiece], line_height: float) -> list[Candidate]:
    """Every few neighbours that could be one digit, by where they begin.

    Args:
        row: pieces of ink from left to right.
        line_height: in the pieces' pixels.
    """
    candidates = []
    right_before = -math.inf
    for begin, first in enumerate(row):
        box, gap = first.box, 0.0
        for end in range(begin + 1, min(begin + _MAX_TOGETHER, len(row)) + 1):
            piece = row[end - 1].box
            gap += max(piece[0] - box[0] - box[2], 0.0) / line_height
            box = enclose([box, piece])
            # A single piece is always read: there is nothing smaller.
            if end > begin + 1 and (gap > _MAX_GAP or box[2] > _MAX_WIDTH * line_height):
                break
            overlap = 0.0
            if begin:
                narrower = min(box[2], row[begin - 1].box[2])
                overlap = (right_before - box[0]) / max(narrower, line_height / 4)
            candidates.append(
                Candidate(
                    begin, end, box[2] / line_height, box[3] / line_height,
                    gap, min(max(overlap, 0.0), 1.0), first.cut_cost,
                )
            )  # fmt: skip
        right_before = max(right_before, first.box[0] + first.box[2])
    return candidates


def _compute_cost(one: Candidate, answer: Answer, costs: SegmentationCosts) -> float:
    share = answer.confidence * (1 - answer.no_digit)
    return (
        min(-math.log(max(share, 1e-9)), _MAX_DOUBT)
        # What is higher than a line may be wider, too.
        + costs.width * max(one.width / max(one.height, 1.0) - costs.usual_width, 0.0)
        + costs.height * max(costs.usual_height - one.height, 0.0)
        + costs.gap * one.gap
        + costs.overlap * one.overlap
        + costs.cut * one.cut
        + costs.digit
    )


def choose_candidates(
    n_pieces: int,
    answers: Mapping[Candidate, Answer],
    costs: SegmentationCosts = SEGMENTATION_COSTS,
) -> list[Candidate]:
    """The cheapest candidates that together make up the whole row, from left to right.

    Args:
        n_pieces: in the row.
        answers: what the network reads in each candidate, in the order of `list_candidates`.
        costs: what speaks against a reading.
    """
    cheapest = [0.0] + [math.inf] * n_pieces
    last: list[Candidate | None] = [None] * (n_pieces + 1)
    # Candidates come by where they begin: all ways to there are known by then.
    for one, answer in answers.items():
        cost = cheapest[one.begin] + _compute_cost(one, answer, costs)
        if cost < cheapest[one.end]:
            cheapest[one.end], last[one.end] = cost, one
    chosen = []
    end = n_pieces
    while (taken := last[end]) is not None:
        chosen.append(taken)
        end = taken.begin
    return chosen[::-1]


@dataclass(frozen=True)
class BoxedDigit:
    """One of several digits.

    Attributes:
        answer: what it is.
        box: where it is: x, y, width, height, in pixels of the drawing or picture; y down.
        row: the row it stands in, 0 at the top.
    """

    answer: Answer
    box: Box
    row: int = 0

    @property
    def text(self) -> str:
        """The digit, or a dash where there is none."""
        return str(self.answer.digit) if self.answer.is_digit else "–"


def read_many_drawing(strokes: Sequence[Stroke], reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a drawing, row by row, from left to right.

    Args:
        strokes: as drawn; canvas pixels.
    Returns:
        The digits with the boxes around their ink; also what is no digit (`answer.is_digit`).
    Raises:
        EmptyInkError: there is no stroke.
    """
    found = _read_rows(segment_drawing(strokes), _frame_strokes, reader)
    return [
        BoxedDigit(answer, _pad_by_pen(merge_strokes(pieces)), row) for pieces, answer, row in found
    ]


def frame_many_drawing(
    strokes: Sequence[Stroke], reader: DigitReader
) -> list[tuple[np.ndarray, Answer]]:
    """Each digit of a drawing as the network sees it, and what it is; as `read_many_drawing`."""
    found = _read_rows(segment_drawing(strokes), _frame_strokes, reader)
    return [(_frame_strokes(pieces), answer) for pieces, answer, _ in found]


def read_many_picture(picture: np.ndarray, reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a picture, row by row, from left to right.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8 from `decode_picture`.
    Returns:
        The digits with the boxes around their ink; also what is no digit (`answer.is_digit`).
    Raises:
        EmptyInkError: the picture is one colour.
    """
    return read_many_page(binarize_page(picture), reader)


def read_many_page(page: np.ndarray, reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a page whose ink is known, row by row, from left to right.

    Args:
        page: `(h, w)` uint8 from `binarize_page`.
    Returns:
        As `read_many_picture`.
    Raises:
        EmptyInkError: no pixel is certainly ink.
    """

    def frame(pieces: Sequence[InkPiece]) -> np.ndarray:
        strength = merge_ink(pieces).ink.astype(np.float32) / 255
        try:
            return normalize_pen_and_frame(strength, SOLID / 255)[0]
        except EmptyInkError:
            # A hair of ink, lost as it was made smaller: it must not stop the others.
            return np.zeros(reader.image_shape, np.uint8)

    return [
        BoxedDigit(answer, merge_ink(pieces).box, row)
        for pieces, answer, row in _read_rows(segment_picture(page), frame, reader)
    ]


def binarize_page(picture: np.ndarray) -> np.ndarray:
    """The ink of a whole page, ruled lines taken off.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8, as for `read_many_picture`.
    Returns:
        `(h, w)` uint8, ink 255, paper 0; what is certainly ink is above `SOLID`.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    page, _ = clean_page(binarize_picture(picture))
    ink = np.clip(page.strength * (SOLID / page.threshold), 0, 255)
    return np.round(ink).astype(np.uint8)


def format_rows(digits: Sequence[BoxedDigit]) -> list[list[str]]:
    """What was read, row by row.

    Args:
        digits: in reading order.
    """
    return [[digit.text for digit in row] for _, row in groupby(digits, key=lambda one: one.row)]


def _read_rows(
    rows: list[list[_Piece]],
    frame: Callable[[Sequence[_Piece]], np.ndarray],
    reader: DigitReader,
) -> list[tuple[list[_Piece], Answer, int]]:
    """For each digit its pieces, the answer, and its row."""
    columns = [box for row in rows for box in join_columns([piece.box for piece in row])]
    line_height = compute_line_height(columns)
    found = []
    for number, row in enumerate(rows):
        candidates = list_candidates(row, line_height)
        images = np.stack([frame(row[one.begin : one.end]) for one in candidates])
        answers = dict(zip(candidates, reader.read_many(images), strict=True))
        for one in choose_candidates(len(row), answers):
            found.append((row[one.begin : one.end], answers[one], number))
    return found


def _frame_strokes(pieces: Sequence[StrokePiece]) -> np.ndarray:
    return prepare_drawing(merge_strokes(pieces).strokes).image


def _pad_by_pen(piece: StrokePiece) -> Box:
    x, y, width, height = piece.box
    pen = max(stroke.width_px for stroke in piece.strokes)
    return (x - pen / 2, y - pen / 2, width + pen, height + pen)
