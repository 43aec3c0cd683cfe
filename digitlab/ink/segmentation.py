"""Cut a drawing or a page of ink into pieces, in reading order; a digit is one or more of them.

Nothing here knows what a digit looks like: `digitlab/many.py` lets a network decide which
neighbouring pieces belong together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.reading_order import Box, compute_line_height, enclose, sort_into_rows
from digitlab.ink.touching_digits import find_split_paths

# A visitor can draw thousands of strokes; a number needs no more pieces than this.
MAX_PIECES = 120
# What is smaller than this share of a digit's height in both directions is a speck.
_SPECK_SHARE = 0.12
# What touches the page's edge is writing up to this many times the height of what does not.
_MAX_AT_EDGE = 2.0
# Nothing lower than this share of the page is writing that what touches the edge is compared with.
_MIN_WRITING = 0.06
# A part whose darkest pixel is fainter than this share of the largest part's is no ink.
_FAINT_SHARE = 0.6
# Strokes are compared point by point only where there are no more than this.
_MAX_COMPARED = 60
# Strokes nearer than this share of their height, or than the pen is wide, touch.
_TOUCH_SHARE = 0.08
# Fainter ink joins nothing: it is the soft edge between two strokes that nearly touch.
SOLID = 102


@dataclass(frozen=True)
class StrokePiece:
    """Some strokes of a drawing.

    Attributes:
        strokes: in the order they were drawn.
        box: around the middle of the pen, canvas pixels.
        cut_cost: how much ink parts it from the piece on its left; always 0, strokes are whole.
    """

    strokes: tuple[Stroke, ...]
    box: Box
    cut_cost: float = 0.0


@dataclass(frozen=True)
class InkPiece:
    """A connected part of a page, or a slice of one.

    Attributes:
        ink: `(h, w)` uint8, ink 255, other parts masked out; it covers `box`.
        box: in the page's pixels.
        cut_cost: how much ink the cut on its left goes through, in pen widths; 0 if none does.
    """

    ink: np.ndarray
    box: Box
    cut_cost: float = 0.0


def segment_drawing(strokes: Sequence[Stroke]) -> list[list[StrokePiece]]:
    """The strokes of a drawing in rows, each from left to right.

    Args:
        strokes: of any number of digits; canvas pixels.
    Returns:
        Rows from top to bottom. Dots are left out where there is something larger.
    Raises:
        EmptyInkError: there is no stroke.
    """
    if not strokes:
        raise EmptyInkError("The drawing is empty.")
    pieces = [StrokePiece((stroke,), _measure_stroke(stroke)) for stroke in strokes]
    pieces = _drop_specks(pieces)
    if len(pieces) <= _MAX_COMPARED:
        pieces = _join_stacked(pieces)
    # Beyond this it is a scribble: what lies closest is taken together, unseen by the network.
    while len(pieces) > MAX_PIECES:
        pieces.sort(key=lambda piece: piece.box[0] + piece.box[2] / 2)
        pieces = [merge_strokes(pieces[k : k + 2]) for k in range(0, len(pieces), 2)]
    return sort_into_rows(pieces)


def segment_picture(ink: np.ndarray) -> list[list[InkPiece]]:
    """The parts of a page in rows, each from left to right; wide ones are cut where it is easy.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0; soft edges are fine, so are specks.
    Returns:
        Rows from top to bottom.
    Raises:
        EmptyInkError: no pixel is certainly ink (above `SOLID`).
    """
    parts = _find_parts(ink)
    height = compute_line_height([part.box for part in parts])
    return [
        [piece for part in row for piece in _cut_part(part, height)]
        for row in sort_into_rows(parts)
    ]


def merge_strokes(pieces: Sequence[StrokePiece]) -> StrokePiece:
    """One piece of several."""
    strokes = tuple(stroke for piece in pieces for stroke in piece.strokes)
    return StrokePiece(strokes, enclose([piece.box for piece in pieces]))


def merge_ink(pieces: Sequence[InkPiece]) -> InkPiece:
    """One piece of several, each at its place."""
    if len(pieces) == 1:
        return pieces[0]
    box = enclose([piece.box for piece in pieces])
    ink = np.zeros((int(box[3]), int(box[2])), np.uint8)
    for piece in pieces:
        left, top = int(piece.box[0] - box[0]), int(piece.box[1] - box[1])
        height, width = piece.ink.shape
        place = ink[top : top + height, left : left + width]
        np.maximum(place, piece.ink, out=place)
    return InkPiece(ink, box, pieces[0].cut_cost)


def _measure_stroke(stroke: Stroke) -> Box:
    low, high = stroke.points.min(axis=0), stroke.points.max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _join_stacked(pieces: list[StrokePiece]) -> list[StrokePiece]:
    """Join what stands on another and touches it: the two rings of an 8, not two rows."""
    joined: list[StrokePiece] = []
    for piece in pieces:
        below = next((k for k, other in enumerate(joined) if _touch_stacked(piece, other)), None)
        if below is None:
            joined.append(piece)
        else:
            joined[below] = merge_strokes([joined[below], piece])
    return joined


def _touch_stacked(one: StrokePiece, other: StrokePiece) -> bool:
    (x, y, width, height), (x2, y2, width2, height2) = one.box, other.box
    over = min(x + width, x2 + width2) - max(x, x2)
    common = min(y + height, y2 + height2) - max(y, y2)
    near_px = max(_TOUCH_SHARE * max(height, height2), one.strokes[-1].width_px)
    if over < min(width, width2) / 2 or not -near_px <= common <= min(height, height2) / 2:
        return False
    points, points2 = (
        np.concatenate([stroke.points for stroke in piece.strokes]) for piece in (one, other)
    )
    # A long line's points lie closer than a pen's width: some of them do.
    points, points2 = points[:: len(points) // 64 + 1], points2[:: len(points2) // 64 + 1]
    apart = np.linalg.norm(points[:, None] - points2[None], axis=2)
    return bool(apart.min() <= near_px)


def _drop_specks(pieces: list[StrokePiece]) -> list[StrokePiece]:
    smallest = _SPECK_SHARE * compute_line_height([piece.box for piece in pieces])
    # A drawing of nothing but dots is all there is to read.
    return [piece for piece in pieces if max(piece.box[2:]) >= smallest] or pieces


def _find_parts(ink: np.ndarray) -> list[InkPiece]:
    """The connected parts that are no specks, the largest of them if there are very many."""
    solid = ink > SOLID
    if not solid.any():
        raise EmptyInkError("There is no ink: nothing is drawn here.")
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    boxes = stats[1:, : cv2.CC_STAT_AREA]
    is_writing = _find_writing(boxes, solid.shape)
    smallest = _SPECK_SHARE * compute_line_height(boxes[is_writing])
    large = np.flatnonzero(is_writing & (boxes[:, 2:].max(axis=1) >= smallest))
    large = large[np.argsort(-stats[1:, cv2.CC_STAT_AREA][large], kind="stable")][:MAX_PIECES]
    parts = [_lift_out(ink, labels, solid, int(k) + 1, tuple(map(int, boxes[k]))) for k in large]
    # The largest comes first. What is much fainter is the paper's own noise.
    faintest = _FAINT_SHARE * int(parts[0].ink.max())
    return [part for part in parts if part.ink.max() >= faintest]


def _find_writing(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which parts are no table, shadow or frame: those come in from the edge and are large."""
    ends = boxes[:, :2] + boxes[:, 2:]
    touches = (boxes[:, :2] <= 1).any(axis=1) | (ends >= np.array(shape[::-1]) - 1).any(axis=1)
    highest = boxes[~touches, 3].max(initial=0)
    if highest < _MIN_WRITING * max(shape):
        return np.ones(len(boxes), bool)
    return ~touches | (boxes[:, 2:].max(axis=1) <= _MAX_AT_EDGE * highest)


def _lift_out(
    ink: np.ndarray, labels: np.ndarray, solid: np.ndarray, label: int, box: tuple[int, ...]
) -> InkPiece:
    """One part with its soft edge, which is all that is near it and belongs to no other part."""
    left, top = max(box[0] - 1, 0), max(box[1] - 1, 0)
    window = np.s_[top : box[1] + box[3] + 1, left : box[0] + box[2] + 1]
    own = labels[window] == label
    near = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    part = np.where(own | (near & ~solid[window]), ink[window], 0).astype(np.uint8)
    return InkPiece(part, (left, top, part.shape[1], part.shape[0]))


def _cut_part(part: InkPiece, line_height: float) -> list[InkPiece]:
    """The part's slices from left to right; itself if there is no reason to cut it."""
    remaining, slices = part.ink, []
    cost_before = 0.0
    for cut in find_split_paths(part.ink, line_height):
        slices.append((np.where(cut.left, remaining, 0), cost_before))
        remaining = np.where(cut.left, 0, remaining)
        cost_before = cut.cost
    slices.append((remaining, cost_before))
    return [
        replace(_trim(ink, part.box), cut_cost=cost) for ink, cost in slices if (ink > SOLID).any()
    ]


def _trim(ink: np.ndarray, box: Box) -> InkPiece:
    """Cut away the empty margin and say where the rest lies on the page."""
    left, top, width, height = cv2.boundingRect(ink)
    inner = np.ascontiguousarray(ink[top : top + height, left : left + width])
    return InkPiece(inner.astype(np.uint8), (box[0] + left, box[1] + top, width, height))
