"""Find where touching digits may be split: paths from top to bottom through little ink."""

from dataclasses import dataclass

import cv2
import numpy as np

# Paths are searched at this line height, which is enough detail.
_SEARCH_PX = 56
# Only ink wider than this many line heights may be two digits.
_MIN_WIDTH = 0.6
# The minimum width of a slice, in line heights.
_MIN_SLICE_WIDTH = 0.15
# The cost of a diagonal step, in units of ink: a path may lean but not zigzag.
_DIAGONAL_COST = 0.15
# A path through more pen widths of ink than this does not separate two digits.
_MAX_COST = 2.5
_MAX_PATHS = 12


@dataclass(frozen=True)
class SplitPath:
    """One way to split a piece of ink.

    Attributes:
        left: `(h, w)` bool, true on the left of the path.
        cost: the ink along the path, in pen widths.
    """

    left: np.ndarray
    cost: float


def find_split_paths(ink: np.ndarray, line_height: float) -> list[SplitPath]:
    """Find candidate splits of a wide piece of ink.

    Args:
        ink: `(h, w)` uint8, ink 255, one connected component.
        line_height: the height of a digit, pixels.
    Returns:
        Paths from left to right; none if the piece is as narrow as one digit.
    Source: the dynamic programming of seam carving, Avidan and Shamir 2007.
    """
    height, width = ink.shape
    if width < _MIN_WIDTH * line_height:
        return []
    scale = min(1.0, _SEARCH_PX / line_height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    reduced = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    costs, predecessors = _compute_path_costs(reduced)
    costs /= _estimate_pen_width(ink) * scale
    ends = _choose_ends(costs, max(1, round(_MIN_SLICE_WIDTH * line_height * scale)))
    return [
        _enlarge_path(_trace_path(predecessors, end), float(costs[end]), size[0], ink.shape)
        for end in ends
    ]


def _compute_path_costs(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least cost of a path to each pixel of the last row, `(w,)`, and the steps taken.

    The step to each pixel is `(h, w)` int8: -1, 0 or 1, the column it came from.
    """
    height, width = ink.shape
    predecessors = np.zeros((height, width), np.int8)
    cost = ink[0].copy()
    for y in range(1, height):
        padded = np.pad(cost, 1, constant_values=np.inf)
        options = np.stack(
            [padded[1:-1], padded[:-2] + _DIAGONAL_COST, padded[2:] + _DIAGONAL_COST]
        )
        best = options.argmin(axis=0)
        predecessors[y] = np.array([0, -1, 1], np.int8)[best]
        cost = np.take_along_axis(options, best[None], axis=0)[0] + ink[y]
    return cost, predecessors


def _trace_path(predecessors: np.ndarray, end: int) -> np.ndarray:
    """The path that ends at column `end` of the last row: the column in each row, `(h,)`."""
    path = np.empty(len(predecessors), np.intp)
    for y in range(len(predecessors) - 1, -1, -1):
        path[y] = end
        end += int(predecessors[y, end])
    return path


def _estimate_pen_width(ink: np.ndarray) -> float:
    """The pen's width in pixels: twice the median distance of the skeleton to the paper."""
    distance = cv2.distanceTransform((ink > 127).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return max(1.0, 2 * float(np.median(distance[ridge])) - 1) if ridge.any() else 1.0


def _choose_ends(costs: np.ndarray, min_distance_px: int) -> list[int]:
    """Columns of local minima, cheapest first, apart from each other and from both sides."""
    local_minimum = cv2.erode(costs[None], np.ones((1, 2 * min_distance_px + 1), np.uint8))[0]
    columns = np.flatnonzero((costs <= local_minimum) & (costs <= _MAX_COST))
    chosen: list[int] = []
    for x in columns[np.argsort(costs[columns], kind="stable")]:
        is_inside = min_distance_px <= x < len(costs) - min_distance_px
        if is_inside and all(abs(x - other) >= min_distance_px for other in chosen):
            chosen.append(int(x))
    return sorted(chosen[:_MAX_PATHS])


def _enlarge_path(
    path: np.ndarray, cost: float, reduced_width: int, shape: tuple[int, ...]
) -> SplitPath:
    """Scale a path to the full size of the piece."""
    height, width = shape
    rows = (np.arange(height) + 0.5) * len(path) / height - 0.5
    edge = (np.interp(rows, np.arange(len(path)), path) + 0.5) * width / reduced_width
    return SplitPath(np.arange(width)[None] + 0.5 < edge[:, None], cost)
