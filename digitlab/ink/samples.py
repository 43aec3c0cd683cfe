"""One hand-drawn sample of each digit, for the Draw page and for tests.

Each stroke is a few points in a 280 px square. The path through them is smoothed as the canvas
smooths a drawn line.
"""

from itertools import pairwise
from typing import Any

Points = list[tuple[float, float]]

CANVAS_PX = 280

SAMPLE_POINTS: dict[int, list[Points]] = {
    0: [
        [
            (150, 52), (112, 62), (84, 104), (78, 156), (96, 208), (136, 228), (178, 210),
            (200, 160), (196, 104), (172, 62), (146, 52),
        ]
    ],
    1: [[(124, 82), (138, 70), (150, 50), (148, 100), (145, 160), (142, 232)]],
    2: [
        [
            (84, 94), (96, 64), (130, 48), (168, 58), (184, 90), (170, 128), (134, 168),
            (96, 204), (80, 222), (118, 218), (160, 216), (204, 220),
        ]
    ],
    3: [
        [
            (88, 70), (116, 50), (156, 52), (178, 78), (164, 112), (128, 130), (168, 138),
            (190, 168), (178, 208), (138, 230), (98, 222), (80, 202),
        ]
    ],
    4: [
        [(118, 52), (104, 96), (82, 146), (112, 148), (156, 144), (206, 142)],
        [(168, 92), (164, 140), (160, 190), (156, 232)],
    ],
    5: [
        [
            (100, 58), (96, 96), (92, 130), (124, 116), (164, 124), (186, 158), (176, 202),
            (138, 228), (98, 222), (78, 202),
        ],
        [(100, 58), (140, 56), (188, 54)],
    ],
    6: [
        [
            (166, 50), (128, 80), (98, 130), (86, 180), (104, 220), (142, 230), (176, 208),
            (182, 172), (158, 146), (122, 152), (92, 182),
        ]
    ],
    7: [[(80, 62), (122, 62), (164, 60), (198, 58), (176, 104), (150, 164), (130, 230)]],
    8: [
        [
            (178, 80), (146, 52), (108, 64), (100, 98), (132, 130), (172, 160), (184, 198),
            (152, 230), (110, 222), (94, 186), (120, 152), (160, 122), (182, 84),
        ]
    ],
    9: [
        [
            (182, 90), (156, 58), (116, 62), (94, 98), (108, 138), (148, 140), (178, 108),
            (184, 84), (182, 136), (172, 184), (156, 232),
        ]
    ],
}  # fmt: skip


def build_sample_drawing(digit: int, *, width_px: float = 16) -> dict[str, Any]:
    """Build a sample digit as a canvas drawing.

    Args:
        digit: 0 to 9.
        width_px: the brush width.
    Returns:
        JSON data for `parse_drawing`, and for `st_canvas` as `initial_drawing`.
    """
    return build_drawing(SAMPLE_POINTS[digit], width_px=width_px)


def build_drawing(strokes: list[Points], *, width_px: float = 16) -> dict[str, Any]:
    """Build a canvas drawing from lines of points.

    Args:
        strokes: for each stroke at least two points, canvas pixels.
        width_px: the brush width.
    """
    return {"objects": [_build_path(points, width_px) for points in strokes]}


def build_path(points: Points) -> list[list[Any]]:
    """Build a smooth path: a quadratic curve between the midpoints of neighbouring points."""
    path: list[list[Any]] = [["M", *points[0]]]
    for here, there in pairwise(points[1:]):
        path.append(["Q", *here, (here[0] + there[0]) / 2, (here[1] + there[1]) / 2])
    path.append(["L", *points[-1]])
    return path


def _build_path(points: Points, width_px: float) -> dict[str, Any]:
    return {
        "type": "Path",
        "path": build_path(points),
        "fill": None,
        "stroke": "#1f2a44",
        "strokeWidth": width_px,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }
