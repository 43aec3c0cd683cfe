"""Where touching digits may be cut apart: paths from top to bottom through little ink."""

from dataclasses import dataclass

import cv2
import numpy as np

# Cuts are looked for at this height: a path needs no more detail.
_SCAN_PX = 56
# Only what is wider than this many line heights may be two digits.
_MIN_WIDTH = 0.6
# No slice is narrower than this, in line heights.
_MIN_SLICE = 0.15
# A step to the side costs as much as this much ink: a cut may lean but does not wander.
_SIDESTEP = 0.15
# A cut through more pen widths than this parts no two digits.
_MAX_COST = 2.5
_MAX_CUTS = 12


@dataclass(frozen=True)
class SplitPath:
    """One way to part a piece of ink.

    Attributes:
        left: `(h, w)` bool, what lies on the left of the cut.
        cost: how much ink it goes through, in pen widths.
    """

    left: np.ndarray
    cost: float


def find_split_paths(ink: np.ndarray, line_height: float) -> list[SplitPath]:
    """Find where a wide piece may be cut; whether it should be is for others to say.

    Args:
        ink: `(h, w)` uint8, ink 255, one connected part.
        line_height: a digit's height, pixels.
    Returns:
        From left to right; none if the piece is as narrow as one digit.
    """
    height, width = ink.shape
    if width < _MIN_WIDTH * line_height:
        return []
    scale = min(1.0, _SCAN_PX / line_height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    costs, came_from = _walk_down(small)
    costs /= _estimate_pen_px(ink) * scale
    ends = _pick_ends(costs, max(1, round(_MIN_SLICE * line_height * scale)))
    return [
        _build_cut(_walk_up(came_from, end), float(costs[end]), size[0], ink.shape) for end in ends
    ]


def _walk_down(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest path to each pixel of the last row, and for every pixel where it came from."""
    height, width = ink.shape
    came_from = np.zeros((height, width), np.int8)
    cost = ink[0].copy()
    for y in range(1, height):
        padded = np.pad(cost, 1, constant_values=np.inf)
        ways = np.stack([padded[1:-1], padded[:-2] + _SIDESTEP, padded[2:] + _SIDESTEP])
        best = ways.argmin(axis=0)
        came_from[y] = np.array([0, -1, 1], np.int8)[best]
        cost = np.take_along_axis(ways, best[None], axis=0)[0] + ink[y]
    return cost, came_from


def _walk_up(came_from: np.ndarray, end: int) -> np.ndarray:
    """The path that ends at a pixel of the last row: x for each row."""
    path = np.empty(len(came_from), np.intp)
    for y in range(len(came_from) - 1, -1, -1):
        path[y] = end
        end += int(came_from[y, end])
    return path


def _estimate_pen_px(ink: np.ndarray) -> float:
    """The pen's width: a line's area is width times length, its skeleton's distance is half."""
    distance = cv2.distanceTransform((ink > 127).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return max(1.0, 2 * float(np.median(distance[ridge])) - 1) if ridge.any() else 1.0


def _pick_ends(costs: np.ndarray, apart_px: int) -> list[int]:
    """Where paths are cheaper than all around: the cheapest first, none near another or a side."""
    around = cv2.erode(costs[None], np.ones((1, 2 * apart_px + 1), np.uint8))[0]
    places = np.flatnonzero((costs <= around) & (costs <= _MAX_COST))
    taken: list[int] = []
    for x in places[np.argsort(costs[places], kind="stable")]:
        inside = apart_px <= x < len(costs) - apart_px
        if inside and all(abs(x - other) >= apart_px for other in taken):
            taken.append(int(x))
    return sorted(taken[:_MAX_CUTS])


def _build_cut(
    path: np.ndarray, cost: float, scanned_width: int, shape: tuple[int, ...]
) -> SplitPath:
    """Bring a path to the piece's full size."""
    height, width = shape
    rows = (np.arange(height) + 0.5) * len(path) / height - 0.5
    edge = (np.interp(rows, np.arange(len(path)), path) + 0.5) * width / scanned_width
    return SplitPath(np.arange(width)[None] + 0.5 < edge[:, None], cost)
