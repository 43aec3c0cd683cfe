"""Read several digits in one drawing or picture.

Ink is segmented into pieces, in rows from left to right. Every run of a few neighbouring pieces is
a candidate digit, and the network classifies all candidates. Dynamic programming then finds the
partition of each row into candidates with the least cost: the network's uncertainty plus penalties
for gaps, size and overlap.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink.drawing import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.mnist_frame import normalize_pen_and_frame
from digitlab.ink.reading_order import Box, compute_line_height, enclose, join_columns
from digitlab.ink.segmentation import (
    SOLID,
    InkPiece,
    StrokePiece,
    binarize_page,
    merge_ink,
    merge_strokes,
    segment_drawing,
    segment_picture,
)

# The largest number of pieces of one digit.
_MAX_TOGETHER = 6
# The largest gap inside a candidate and its largest width, in line heights.
_MAX_GAP = 0.4
_MAX_WIDTH = 1.6
# The network's uncertainty is capped at this many nats, because a digit may be badly written.
_MAX_UNCERTAINTY = 6.0
_Piece = TypeVar("_Piece", StrokePiece, InkPiece)


@dataclass(frozen=True)
class SegmentationCosts:
    """Penalties of a segmentation, in nats; lengths in line heights.

    Tuned with `benchmarks/multi_digit.py` on half of the writers.

    Attributes:
        gap: for each line height of gap within a digit.
        width: for each line height that a digit is wider than `usual_width`.
        height: for each line height that a digit is lower than `usual_height`.
        overlap: for the overlapping fraction of the narrower of two digits.
        cut: for each pen width of ink that a split between two digits goes through.
        digit: for each digit; negative, because one digit has less uncertainty than two.
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
    """The pieces `begin` to `end` (exclusive) of a row as one digit; lengths in line heights."""

    begin: int
    end: int
    width: float
    height: float
    gap: float
    overlap: float
    cut: float


def list_candidates(row: Sequence[StrokePiece | InkPiece], line_height: float) -> list[Candidate]:
    """List the runs of pieces that may be one digit, by their first piece.

    Args:
        row: pieces of ink from left to right.
        line_height: in the pieces' pixels.
    Returns:
        At least every single piece.
    """
    candidates = []
    previous_right = -math.inf
    for begin, first in enumerate(row):
        box, gap = first.box, 0.0
        for end in range(begin + 1, min(begin + _MAX_TOGETHER, len(row)) + 1):
            piece = row[end - 1].box
            gap += max(piece[0] - box[0] - box[2], 0.0) / line_height
            box = enclose([box, piece])
            # A single piece is always a candidate, or the row could not be partitioned.
            if end > begin + 1 and (gap > _MAX_GAP or box[2] > _MAX_WIDTH * line_height):
                break
            overlap = 0.0
            if begin:
                narrower = min(box[2], row[begin - 1].box[2])
                overlap = (previous_right - box[0]) / max(narrower, line_height / 4)
            candidates.append(
                Candidate(
                    begin, end, box[2] / line_height, box[3] / line_height,
                    gap, min(max(overlap, 0.0), 1.0), first.cut_cost,
                )
            )  # fmt: skip
        previous_right = max(previous_right, first.box[0] + first.box[2])
    return candidates


def _compute_cost(candidate: Candidate, answer: Answer, costs: SegmentationCosts) -> float:
    probability = answer.confidence * (1 - answer.no_digit)
    return (
        min(-math.log(max(probability, 1e-9)), _MAX_UNCERTAINTY)
        # A candidate higher than the line may be wider too.
        + costs.width * max(candidate.width / max(candidate.height, 1.0) - costs.usual_width, 0.0)
        + costs.height * max(costs.usual_height - candidate.height, 0.0)
        + costs.gap * candidate.gap
        + costs.overlap * candidate.overlap
        + costs.cut * candidate.cut
        + costs.digit
    )


def choose_candidates(
    n_pieces: int,
    answers: Mapping[Candidate, Answer],
    costs: SegmentationCosts = SEGMENTATION_COSTS,
) -> list[Candidate]:
    """Choose the candidates that partition the row at the least cost.

    Args:
        n_pieces: number of pieces in the row.
        answers: the network's answer to each candidate, in the order of `list_candidates`.
        costs: the penalties.
    Returns:
        The candidates from left to right.
    """
    cheapest = [0.0] + [math.inf] * n_pieces
    last: list[Candidate | None] = [None] * (n_pieces + 1)
    # Candidates are sorted by their first piece, so cheapest[begin] is final.
    for candidate, answer in answers.items():
        cost = cheapest[candidate.begin] + _compute_cost(candidate, answer, costs)
        if cost < cheapest[candidate.end]:
            cheapest[candidate.end], last[candidate.end] = cost, candidate
    chosen = []
    end = n_pieces
    while (previous := last[end]) is not None:
        chosen.append(previous)
        end = previous.begin
    return chosen[::-1]


@dataclass(frozen=True)
class BoxedDigit:
    """One of several digits.

    Attributes:
        answer: the network's answer.
        box: x, y, width, height in pixels of the drawing or picture; y down.
        row: its row, 0 at the top.
    """

    answer: Answer
    box: Box
    row: int = 0

    @property
    def text(self) -> str:
        """The digit, or a dash for "no digit"."""
        return str(self.answer.digit) if self.answer.is_digit else "–"


def read_many_drawing(strokes: Sequence[Stroke], reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a drawing, row by row, from left to right.

    Args:
        strokes: in canvas pixels.
    Returns:
        The digits with the boxes around their ink, including non-digits (see `answer.is_digit`).
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
    """Return the network's input and answer for each digit that `read_many_drawing` finds."""
    found = _read_rows(segment_drawing(strokes), _frame_strokes, reader)
    return [(_frame_strokes(pieces), answer) for pieces, answer, _ in found]


def read_many_picture(picture: np.ndarray, reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a picture, row by row, from left to right.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8 from `decode_picture`.
    Returns:
        The digits with the boxes around their ink, including non-digits (see `answer.is_digit`).
    Raises:
        EmptyInkError: the picture is one colour.
    """
    return read_many_page(binarize_page(picture), reader)


def read_many_page(page: np.ndarray, reader: DigitReader) -> list[BoxedDigit]:
    """Read all digits of a binarized page, row by row, from left to right.

    Args:
        page: `(h, w)` uint8 from `binarize_page` or `quantize_page`.
    Returns:
        As `read_many_picture`.
    Raises:
        EmptyInkError: no pixel is above `SOLID`.
    """

    def frame(pieces: Sequence[InkPiece]) -> np.ndarray:
        strength = merge_ink(pieces).ink.astype(np.float32) / 255
        try:
            return normalize_pen_and_frame(strength, SOLID / 255)[0]
        except EmptyInkError:
            # A hairline can vanish when it is scaled down; the other digits are read.
            return np.zeros(reader.image_shape, np.uint8)

    return [
        BoxedDigit(answer, merge_ink(pieces).box, row)
        for pieces, answer, row in _read_rows(segment_picture(page), frame, reader)
    ]


def looks_like_several(digits: Sequence[BoxedDigit]) -> bool:
    """Whether at least two are sure digits of about the same height: specks and lines are not."""
    heights = [digit.box[3] for digit in digits if not digit.answer.is_unsure]
    least = max(heights, default=0) / 2
    return sum(height >= least for height in heights) > 1


def format_rows(digits: Sequence[BoxedDigit]) -> list[list[str]]:
    """Format digits as texts, row by row.

    Args:
        digits: in reading order.
    """
    return [
        [digit.text for digit in row] for _, row in groupby(digits, key=lambda digit: digit.row)
    ]


def _read_rows(
    rows: list[list[_Piece]],
    frame: Callable[[Sequence[_Piece]], np.ndarray],
    reader: DigitReader,
) -> list[tuple[list[_Piece], Answer, int]]:
    """For each digit its pieces, the answer and the number of its row."""
    columns = [box for row in rows for box in join_columns([piece.box for piece in row])]
    line_height = compute_line_height(columns)
    found = []
    for number, row in enumerate(rows):
        candidates = list_candidates(row, line_height)
        images = np.stack([frame(row[c.begin : c.end]) for c in candidates])
        answers = dict(zip(candidates, reader.read_many(images), strict=True))
        for chosen in choose_candidates(len(row), answers):
            found.append((row[chosen.begin : chosen.end], answers[chosen], number))
    return found


def _frame_strokes(pieces: Sequence[StrokePiece]) -> np.ndarray:
    return prepare_drawing(merge_strokes(pieces).strokes).image


def _pad_by_pen(piece: StrokePiece) -> Box:
    x, y, width, height = piece.box
    pen = max(stroke.width_px for stroke in piece.strokes)
    return (x - pen / 2, y - pen / 2, width + pen, height + pen)
