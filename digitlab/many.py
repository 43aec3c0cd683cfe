"""Read several digits in one drawing or picture: what belongs together, and what it says.

Pieces of ink come in rows from left to right. Every few neighbours are a candidate for one digit;
the network reads all candidates, and of all ways to part a row into candidates the cheapest is
taken. What it costs says how little it looks like one digit: to the network, by gaps and size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.choose import clean_page
from digitlab.ink.drawing import Stroke, prepare_drawing
from digitlab.ink.paper import separate_ink
from digitlab.ink.pen import frame_ink
from digitlab.ink.rows import Box, compute_line_height, join_columns
from digitlab.ink.segment import (
    SOLID,
    InkPiece,
    StrokePiece,
    merge_ink,
    merge_strokes,
    segment_drawing,
    segment_picture,
)
from digitlab.parting import choose_candidates, list_candidates
from digitlab.reader import Answer, DigitReader


@dataclass(frozen=True)
class DigitInBox:
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
    found = _read_rows(segment_drawing(strokes), _frame_strokes, reader)
    return [
        DigitInBox(answer, _pad_by_pen(merge_strokes(pieces)), row) for pieces, answer, row in found
    ]


def frame_many_drawing(
    strokes: Sequence[Stroke], reader: DigitReader
) -> list[tuple[np.ndarray, Answer]]:
    """Each digit of a drawing as the network sees it, and what it is; as `read_many_drawing`."""
    found = _read_rows(segment_drawing(strokes), _frame_strokes, reader)
    return [(_frame_strokes(pieces), answer) for pieces, answer, _ in found]


def read_many_picture(picture: np.ndarray, reader: DigitReader) -> list[DigitInBox]:
    """Read all digits of a picture, row by row, from left to right.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8 from `decode_picture`.
    Returns:
        The digits with the boxes around their ink; also what is no digit (`answer.is_digit`).
    Raises:
        EmptyInkError: the picture is one colour.
    """
    return read_many_page(extract_page(picture), reader)


def read_many_page(page: np.ndarray, reader: DigitReader) -> list[DigitInBox]:
    """Read all digits of a page whose ink is known, row by row, from left to right.

    Args:
        page: `(h, w)` uint8 from `extract_page`.
    Returns:
        As `read_many_picture`.
    Raises:
        EmptyInkError: no pixel is certainly ink.
    """

    def frame(pieces: Sequence[InkPiece]) -> np.ndarray:
        strength = merge_ink(pieces).ink.astype(np.float32) / 255
        try:
            return frame_ink(strength, SOLID / 255)[0]
        except EmptyInkError:
            # A hair of ink, lost as it was made smaller: it must not stop the others.
            return np.zeros(reader.image_shape, np.uint8)

    return [
        DigitInBox(answer, merge_ink(pieces).box, row)
        for pieces, answer, row in _read_rows(segment_picture(page), frame, reader)
    ]


def extract_page(picture: np.ndarray) -> np.ndarray:
    """The ink of a whole page, ruled lines taken off.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8, as for `read_many_picture`.
    Returns:
        `(h, w)` uint8, ink 255, paper 0; what is certainly ink is above `SOLID`.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    page = clean_page(separate_ink(picture))
    ink = np.clip(page.strength * (SOLID / page.threshold), 0, 255)
    return np.round(ink).astype(np.uint8)


def tell_rows(digits: Sequence[DigitInBox]) -> list[list[str]]:
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
