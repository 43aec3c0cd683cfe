"""Segment a drawing or a page of ink into pieces in reading order.

A digit is one or more pieces: `digitlab.inference.multi_digit` lets a network decide which
neighbouring pieces belong together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.binarize import InkMap, binarize_picture
from digitlab.ink.cleaning import clean_page
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.reading_order import Box, compute_line_height, enclose, sort_into_rows
from digitlab.ink.touching_digits import find_split_paths

# A drawing can have thousands of strokes; this bounds the time to read it.
MAX_PIECES = 120
# A piece of less than this fraction of the line height in both directions is a speck.
_MIN_SIZE = 0.12
# A component at the page's edge is writing up to this many times the height of the others.
_MAX_EDGE_HEIGHT = 2.0
# The others count as writing above this fraction of the page's size.
_MIN_WRITING_HEIGHT = 0.06
# A component is noise if its darkest pixel is fainter than this fraction of the largest one's.
_MIN_DARKNESS = 0.6
# Strokes are compared point by point only up to this number.
_MAX_COMPARED = 60
# Strokes touch if they are nearer than this fraction of their height or than the pen's width.
_TOUCH_DISTANCE = 0.08
# Pixels above this are ink. Fainter ones are soft edges, which must not connect two strokes.
SOLID = 102


@dataclass(frozen=True)
class StrokePiece:
    """Strokes of a drawing that belong together.

    Attributes:
        strokes: in the order they were drawn.
        box: around the centre lines of the strokes, canvas pixels.
        cut_cost: always 0, because strokes are never split.
    """

    strokes: tuple[Stroke, ...]
    box: Box
    cut_cost: float = 0.0


@dataclass(frozen=True)
class InkPiece:
    """A connected component of a page, or a slice of one.

    Attributes:
        ink: `(h, w)` uint8, ink 255, other components masked; it covers `box`.
        box: in the page's pixels.
        cut_cost: the ink along the split on its left, in pen widths; 0 if it was not split.
    """

    ink: np.ndarray
    box: Box
    cut_cost: float = 0.0


def segment_drawing(strokes: Sequence[Stroke]) -> list[list[StrokePiece]]:
    """Segment the strokes of a drawing into rows, each from left to right.

    Args:
        strokes: any number of digits; canvas pixels.
    Returns:
        Rows from top to bottom. Dots are dropped, unless there is nothing larger.
    Raises:
        EmptyInkError: there is no stroke.
    """
    if not strokes:
        raise EmptyInkError("The drawing is empty.")
    pieces = [StrokePiece((stroke,), _measure_stroke(stroke)) for stroke in strokes]
    pieces = _drop_specks(pieces)
    if len(pieces) <= _MAX_COMPARED:
        pieces = _join_stacked(pieces)
    # So many strokes are a scribble: neighbours are merged regardless of what they show.
    while len(pieces) > MAX_PIECES:
        pieces.sort(key=lambda piece: piece.box[0] + piece.box[2] / 2)
        pieces = [merge_strokes(pieces[k : k + 2]) for k in range(0, len(pieces), 2)]
    return sort_into_rows(pieces)


def binarize_page(picture: np.ndarray) -> np.ndarray:
    """Binarize and clean a whole page.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8; dark ink on light paper or light on dark.
    Returns:
        `(h, w)` uint8, ink 255, paper 0; ink is above `SOLID`.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    return quantize_page(clean_page(binarize_picture(picture))[0])


def quantize_page(page: InkMap) -> np.ndarray:
    """A binarized and cleaned page as bytes: `(h, w)` uint8, ink above `SOLID`."""
    ink = np.clip(page.strength * (SOLID / page.threshold), 0, 255)
    return np.round(ink).astype(np.uint8)


def segment_picture(ink: np.ndarray) -> list[list[InkPiece]]:
    """Segment a page of ink into rows, each from left to right; touching digits are split.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0; it may have soft edges and specks.
    Returns:
        Rows from top to bottom.
    Raises:
        EmptyInkError: no pixel is above `SOLID`.
    """
    components = _find_components(ink)
    height = compute_line_height([component.box for component in components])
    return [
        [piece for component in row for piece in _split(component, height)]
        for row in sort_into_rows(components)
    ]


def merge_strokes(pieces: Sequence[StrokePiece]) -> StrokePiece:
    """Merge pieces into one."""
    strokes = tuple(stroke for piece in pieces for stroke in piece.strokes)
    return StrokePiece(strokes, enclose([piece.box for piece in pieces]))


def merge_ink(pieces: Sequence[InkPiece]) -> InkPiece:
    """Merge pieces into one; each keeps its position on the page."""
    if len(pieces) == 1:
        return pieces[0]
    box = enclose([piece.box for piece in pieces])
    ink = np.zeros((int(box[3]), int(box[2])), np.uint8)
    for piece in pieces:
        left, top = int(piece.box[0] - box[0]), int(piece.box[1] - box[1])
        height, width = piece.ink.shape
        window = ink[top : top + height, left : left + width]
        np.maximum(window, piece.ink, out=window)
    return InkPiece(ink, box, pieces[0].cut_cost)


def _measure_stroke(stroke: Stroke) -> Box:
    low, high = stroke.points.min(axis=0), stroke.points.max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _join_stacked(pieces: list[StrokePiece]) -> list[StrokePiece]:
    """Merge strokes that touch one above the other, such as the two rings of an 8."""
    joined: list[StrokePiece] = []
    for piece in pieces:
        touched = next((k for k, other in enumerate(joined) if _touch_stacked(piece, other)), None)
        if touched is None:
            joined.append(piece)
        else:
            joined[touched] = merge_strokes([joined[touched], piece])
    return joined


def _touch_stacked(one: StrokePiece, other: StrokePiece) -> bool:
    (x, y, width, height), (x2, y2, width2, height2) = one.box, other.box
    overlap_x = min(x + width, x2 + width2) - max(x, x2)
    overlap_y = min(y + height, y2 + height2) - max(y, y2)
    near_px = max(_TOUCH_DISTANCE * max(height, height2), one.strokes[-1].width_px)
    is_stacked = -near_px <= overlap_y <= min(height, height2) / 2
    if overlap_x < min(width, width2) / 2 or not is_stacked:
        return False
    points, points2 = (
        np.concatenate([stroke.points for stroke in piece.strokes]) for piece in (one, other)
    )
    # A sample of the points is enough: in a long stroke they lie closer than the pen's width.
    points, points2 = points[:: len(points) // 64 + 1], points2[:: len(points2) // 64 + 1]
    distances = np.linalg.norm(points[:, None] - points2[None], axis=2)
    return bool(distances.min() <= near_px)


def _drop_specks(pieces: list[StrokePiece]) -> list[StrokePiece]:
    min_size = _MIN_SIZE * compute_line_height([piece.box for piece in pieces])
    # A drawing of dots alone is kept.
    return [piece for piece in pieces if max(piece.box[2:]) >= min_size] or pieces


def _find_components(ink: np.ndarray) -> list[InkPiece]:
    """Connected components without specks and noise, at most `MAX_PIECES`, by size."""
    solid = ink > SOLID
    if not solid.any():
        raise EmptyInkError("No ink was found.")
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8))
    boxes = stats[1:, : cv2.CC_STAT_AREA]
    is_writing = _find_writing(boxes, solid.shape)
    min_size = _MIN_SIZE * compute_line_height(boxes[is_writing])
    large = np.flatnonzero(is_writing & (boxes[:, 2:].max(axis=1) >= min_size))
    large = large[np.argsort(-stats[1:, cv2.CC_STAT_AREA][large], kind="stable")][:MAX_PIECES]
    components = [
        _extract(ink, labels, solid, int(k) + 1, tuple(map(int, boxes[k]))) for k in large
    ]
    min_darkness = _MIN_DARKNESS * int(components[0].ink.max())
    return [component for component in components if component.ink.max() >= min_darkness]


def _find_writing(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Which components are writing: not a table, shadow or frame, large and at the page's edge."""
    ends = boxes[:, :2] + boxes[:, 2:]
    is_outer = (boxes[:, :2] <= 1).any(axis=1) | (ends >= np.array(shape[::-1]) - 1).any(axis=1)
    highest = boxes[~is_outer, 3].max(initial=0)
    if highest < _MIN_WRITING_HEIGHT * max(shape):
        return np.ones(len(boxes), bool)
    return ~is_outer | (boxes[:, 2:].max(axis=1) <= _MAX_EDGE_HEIGHT * highest)


def _extract(
    ink: np.ndarray, labels: np.ndarray, solid: np.ndarray, label: int, box: tuple[int, ...]
) -> InkPiece:
    """One component with its soft edge, without the neighbours' ink."""
    left, top = max(box[0] - 1, 0), max(box[1] - 1, 0)
    window = np.s_[top : box[1] + box[3] + 1, left : box[0] + box[2] + 1]
    is_component = labels[window] == label
    widened = cv2.dilate(is_component.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    extracted = np.where(is_component | (widened & ~solid[window]), ink[window], 0)
    height, width = extracted.shape
    return InkPiece(extracted.astype(np.uint8), (left, top, width, height))


def _split(component: InkPiece, line_height: float) -> list[InkPiece]:
    """Split a component along all candidate paths: its slices from left to right."""
    remaining, slices = component.ink, []
    left_cost = 0.0
    for path in find_split_paths(component.ink, line_height):
        slices.append((np.where(path.left, remaining, 0), left_cost))
        remaining = np.where(path.left, 0, remaining)
        left_cost = path.cost
    slices.append((remaining, left_cost))
    return [
        replace(_trim(ink, component.box), cut_cost=cost)
        for ink, cost in slices
        if (ink > SOLID).any()
    ]


def _trim(ink: np.ndarray, box: Box) -> InkPiece:
    """Crop to the ink; the result has its box on the page."""
    left, top, width, height = cv2.boundingRect(ink)
    inner = np.ascontiguousarray(ink[top : top + height, left : left + width])
    return InkPiece(inner.astype(np.uint8), (box[0] + left, box[1] + top, width, height))
