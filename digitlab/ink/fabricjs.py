"""Parse the JSON of a Fabric.js canvas, as `streamlit-drawable-canvas` returns it.

Fabric stores a path's points as they were drawn, and every later transformation separately:
`left` and `top` are the position of the path's origin, `scaleX`, `scaleY`, `angle`, `flipX` and
`flipY` transform the path around its centre.
"""

import math
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from digitlab.errors import DrawingError, EmptyInkError
from digitlab.ink.reading_order import enclose

# Far larger than any canvas. Larger numbers come from a damaged file and would overflow later.
MAX_COORDINATE_PX = 1e6
_CURVE_SAMPLES = 6
# The number of points after each path command: move, line, quadratic and cubic curve.
_CONTROL_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}
# The origin's distance from the centre of the object's box, as a fraction of its size.
_ORIGINS = {"left": -0.5, "top": -0.5, "center": 0.0, "right": 0.5, "bottom": 0.5}

# How far a smoothed line may extend beyond its points and the pen.
_MARGIN_PX = 2.0


@dataclass(frozen=True)
class Stroke:
    """One stroke of a drawing.

    Attributes:
        points: `(n, 2)` float64, x to the right and y down, canvas pixels, n >= 1.
        width_px: the brush width.
    """

    points: np.ndarray
    width_px: float


def parse_drawing(json_data: Any) -> tuple[Stroke, ...]:
    """Parse the strokes of a canvas drawing.

    Other objects (texts, pictures, shapes) are ignored.

    Args:
        json_data: `st_canvas(...).json_data`, or the same loaded from a file.
    Returns:
        At least one stroke.
    Raises:
        DrawingError: this is not a canvas drawing, or a stroke has invalid content.
        EmptyInkError: there is no stroke.
    """
    objects = json_data.get("objects") if isinstance(json_data, dict) else None
    if not isinstance(objects, list):
        raise DrawingError(
            "This is not a canvas drawing: it has no list of objects. Save the canvas's json_data."
        )
    strokes = []
    for item in objects:
        for line in _parse_lines(item) if isinstance(item, dict) else ():
            # A tap is a single point; a line from it to itself is drawn as a dot.
            points = np.repeat(line, 2, axis=0) if len(line) == 1 else line
            strokes.append(Stroke(points, _parse_width_px(item)))
    if not strokes:
        raise EmptyInkError(
            "The drawing is empty."
            if not objects
            else "The drawing has no pen strokes, only objects that are not handwriting."
        )
    return tuple(strokes)


def _parse_width_px(item: dict[str, Any]) -> float:
    width = item.get("strokeWidth", 1)
    is_number = isinstance(width, int | float) and not isinstance(width, bool)
    return float(width) if is_number and 0 < width < 1e4 else 1.0


def _parse_lines(item: dict[str, Any]) -> list[np.ndarray]:
    """The lines of one object, each `(n, 2)` float64, n >= 1; none if a pen does not draw its type.

    Raises:
        DrawingError: the object has invalid content.
    """
    kind = str(item.get("type", "")).lower()
    if kind not in _PARSERS:
        return []
    try:
        lines = _PARSERS[kind](item)
        for line in lines:
            _check_finite(line)
        transformed = _transform(lines, item)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise DrawingError(
            f"A stroke of the drawing cannot be read: its {kind} has invalid content."
        ) from error
    for line in transformed:
        _check_finite(line)
    return transformed


def _parse_path(item: dict[str, Any]) -> list[np.ndarray]:
    """The lines of a path, one for each M command; curves are sampled."""
    lines: list[list[np.ndarray]] = []
    # A drawn line has hundreds of commands of the same kind: they are computed together.
    for letter, commands in groupby(item["path"], key=itemgetter(0)):
        numbers = [rest for _, *rest in commands]
        if letter in ("Z", "z"):
            lines[-1].append(lines[-1][0])
            continue
        # The canvas writes absolute commands only, which are capital letters.
        controls = np.array(numbers, dtype=float).reshape(-1, _CONTROL_POINTS[letter], 2)
        if letter == "M":
            lines.extend([start] for start in controls)
        elif controls.shape[1] == 1:
            lines[-1].append(controls[:, 0])
        else:
            lines[-1].append(_sample_curves(lines[-1][-1][-1], controls))
    return [np.concatenate(line) for line in lines]


def _parse_line(item: dict[str, Any]) -> list[np.ndarray]:
    return [np.array([[item["x1"], item["y1"]], [item["x2"], item["y2"]]], dtype=float)]


def _parse_polyline(item: dict[str, Any]) -> list[np.ndarray]:
    points = [[point["x"], point["y"]] for point in item["points"]]
    return [np.array(points, dtype=float)] if points else []


def _parse_polygon(item: dict[str, Any]) -> list[np.ndarray]:
    return [np.vstack([line, line[:1]]) for line in _parse_polyline(item)]


_PARSERS = {
    "path": _parse_path,
    "line": _parse_line,
    "polyline": _parse_polyline,
    "polygon": _parse_polygon,
}


def _sample_curves(start: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Points along quadratic or cubic Bézier curves, each from the end of the last one.

    Args:
        start: `(2,)`, of the first curve; not among the points.
        controls: `(n, degree, 2)`.
    """
    starts = np.vstack([start, controls[:-1, -1]])
    hulls = np.concatenate([starts[:, None], controls], axis=1)
    degree = controls.shape[1]
    t = np.linspace(0, 1, _CURVE_SAMPLES + 1)[1:, None]
    weights = [math.comb(degree, k) * t**k * (1 - t) ** (degree - k) for k in range(degree + 1)]
    return (np.concatenate(weights, axis=1) @ hulls).reshape(-1, 2)


def _transform(lines: list[np.ndarray], item: dict[str, Any]) -> list[np.ndarray]:
    """Apply the object's position, scale, flip and rotation to its lines."""
    if "left" not in item or "top" not in item or not lines:
        return lines
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    centre, size = (low + high) / 2, high - low
    scale = np.array([_parse_number(item, "scaleX", 1), _parse_number(item, "scaleY", 1)])
    flip = np.where([item.get("flipX", False), item.get("flipY", False)], -1.0, 1.0)
    angle = math.radians(_parse_number(item, "angle", 0))
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    # `left` and `top` are the position of the origin; the object's box includes the stroke width.
    origin = np.array(
        [
            _ORIGINS.get(str(item.get("originX", "left")), -0.5),
            _ORIGINS.get(str(item.get("originY", "top")), -0.5),
        ]
    )
    box_size = (size + _parse_number(item, "strokeWidth", 0)) * scale
    position = np.array([_parse_number(item, "left", 0), _parse_number(item, "top", 0)])
    return [
        ((line - centre) * scale * flip - origin * box_size) @ rotation.T + position
        for line in lines
    ]


def _parse_number(item: dict[str, Any], key: str, default: float) -> float:
    value = item.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DrawingError(f"A stroke of the drawing cannot be read: its {key} is not a number.")
    return float(value)


def _check_finite(points: np.ndarray) -> None:
    if points.ndim != 2:
        raise ValueError(f"points of shape {points.shape}")
    # NaN fails this comparison too.
    if not bool((np.abs(points) <= MAX_COORDINATE_PX).all()):
        raise DrawingError(
            "A stroke of the drawing has an invalid coordinate. Draw or export it again."
        )


def fit_drawing(drawing: dict[str, Any], width_px: float, height_px: float) -> dict[str, Any]:
    """Scale a drawing down so that all of it lies on the canvas.

    Args:
        drawing: a canvas's `json_data`; may be empty.
        width_px: width of the canvas.
        height_px: height of the canvas.
    Returns:
        The same drawing if it fits; otherwise a scaled copy that lies on the canvas.
    Raises:
        DrawingError: this is not a canvas drawing.
    """
    if not drawing.get("objects"):
        return drawing
    boxes = []
    for stroke in parse_drawing(drawing):
        margin = stroke.width_px / 2 + _MARGIN_PX
        low, high = stroke.points.min(axis=0) - margin, stroke.points.max(axis=0) + margin
        width, height = map(float, high - low)
        boxes.append((float(low[0]), float(low[1]), width, height))
    left, top, width, height = enclose(boxes)
    if left >= 0 and top >= 0 and left + width <= width_px and top + height <= height_px:
        return drawing
    scale = min(1.0, width_px / width, height_px / height)
    # The upper left corner stays, if the drawing then fits.
    x = min(max(left, 0.0), width_px - width * scale) - left * scale
    y = min(max(top, 0.0), height_px - height * scale) - top * scale
    return {
        **drawing,
        "objects": [_move(item, scale, x, y) for item in drawing["objects"]],
    }


def _move(item: dict[str, Any], scale: float, x: float, y: float) -> dict[str, Any]:
    """Scale one object, then move it."""
    if "left" in item and "top" in item:
        return item | {
            "left": item["left"] * scale + x,
            "top": item["top"] * scale + y,
            "scaleX": item.get("scaleX", 1) * scale,
            "scaleY": item.get("scaleY", 1) * scale,
        }
    # Before an object has been on a canvas, only its points define its position.
    path = [
        [letter, *(n * scale + (y if k % 2 else x) for k, n in enumerate(numbers))]
        for letter, *numbers in item.get("path", [])
    ]
    return item | {"path": path, "strokeWidth": item.get("strokeWidth", 1) * scale}
