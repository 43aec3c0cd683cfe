"""Read the vectors of a Fabric.js canvas: what `streamlit-drawable-canvas` hands over.

Fabric keeps a path's points where they were drawn and describes any later move, scale or turn
beside them: `left` and `top` say where the path's middle is now, `scaleX`, `scaleY`, `angle`,
`flipX` and `flipY` how it was changed around that middle.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from digitlab.errors import DrawingError, EmptyInkError
from digitlab.ink.reading_order import enclose

# Far beyond any canvas; larger numbers come from a broken file and would overflow later.
MAX_COORDINATE_PX = 1e6
_CURVE_SAMPLES = 6
# How many points follow a path's command: move, line, quadratic and cubic curve.
_CONTROL_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3}
# Where the origin lies within the object's box, as a fraction of its size.
_ORIGINS = {"left": -0.5, "top": -0.5, "center": 0.0, "right": 0.5, "bottom": 0.5}

# What a line's smoothed end may stand over, besides the pen.
_MARGIN_PX = 2.0


@dataclass(frozen=True)
class Stroke:
    """One line of a drawing.

    Attributes:
        points: `(n, 2)` float64, x to the right and y down, canvas pixels, n >= 1.
        width_px: the brush's width.
    """

    points: np.ndarray
    width_px: float


def parse_drawing(json_data: Any) -> tuple[Stroke, ...]:
    """The strokes of a canvas drawing.

    Objects that no pen draws (texts, pictures, shapes) are left out.

    Args:
        json_data: what `st_canvas(...).json_data` returns, or the same read from a file.
    Raises:
        DrawingError: this is no canvas drawing, or a stroke's numbers make no sense.
        EmptyInkError: nothing is drawn.
    """
    things = json_data.get("objects") if isinstance(json_data, dict) else None
    if not isinstance(things, list):
        raise DrawingError(
            "This is no canvas drawing: it has no list of objects. Save the canvas's json_data."
        )
    strokes = []
    for thing in things:
        for line in _read_lines(thing) if isinstance(thing, dict) else ():
            # A single point is a tap; drawn from itself to itself it leaves a dot.
            points = np.repeat(line, 2, axis=0) if len(line) == 1 else line
            strokes.append(Stroke(points, _read_width_px(thing)))
    if not strokes:
        raise EmptyInkError(
            "The drawing is empty."
            if not things
            else "The drawing has no pen strokes, only objects that cannot be read as a digit."
        )
    return tuple(strokes)


def _read_width_px(thing: dict[str, Any]) -> float:
    width = thing.get("strokeWidth", 1)
    is_number = isinstance(width, int | float) and not isinstance(width, bool)
    return float(width) if is_number and 0 < width < 1e4 else 1.0


def _read_lines(thing: dict[str, Any]) -> list[np.ndarray]:
    """One canvas object as lines of points, where the pen was down.

    Args:
        thing: an entry of `json_data["objects"]`.
    Returns:
        For each line `(n, 2)` float64, canvas pixels, n >= 1; none if the object's type is not
        something drawn with a pen.
    Raises:
        DrawingError: the object is of a known type but its content makes no sense.
    """
    kind = str(thing.get("type", "")).lower()
    if kind not in _READERS:
        return []
    try:
        lines = _READERS[kind](thing)
        for line in lines:
            _check_finite(line)
        placed = _place(lines, thing)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise DrawingError(
            f"A stroke of the drawing cannot be read: its {kind} has unexpected content."
        ) from error
    for line in placed:
        _check_finite(line)
    return placed


def _read_path(thing: dict[str, Any]) -> list[np.ndarray]:
    """A path's commands (M, L, Q, C, Z) as lines, one for each M; curves are sampled."""
    lines: list[list[np.ndarray]] = []
    for letter, *rest in thing["path"]:
        if letter in ("Z", "z"):
            lines[-1].append(lines[-1][0])
            continue
        # The canvas writes absolute commands, which are capital letters.
        controls = np.array(rest, dtype=float).reshape(_CONTROL_POINTS[letter], 2)
        if letter == "M":
            lines.append([])
        if len(controls) == 1:
            lines[-1].append(controls[0])
        else:
            lines[-1].extend(_sample_curve(lines[-1][-1], controls))
    return [np.array(line) for line in lines]


def _read_line(thing: dict[str, Any]) -> list[np.ndarray]:
    return [np.array([[thing["x1"], thing["y1"]], [thing["x2"], thing["y2"]]], dtype=float)]


def _read_polyline(thing: dict[str, Any]) -> list[np.ndarray]:
    points = [[point["x"], point["y"]] for point in thing["points"]]
    return [np.array(points, dtype=float)] if points else []


def _read_polygon(thing: dict[str, Any]) -> list[np.ndarray]:
    return [np.vstack([line, line[:1]]) for line in _read_polyline(thing)]


_READERS = {
    "path": _read_path,
    "line": _read_line,
    "polyline": _read_polyline,
    "polygon": _read_polygon,
}


def _sample_curve(start: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """Points along a quadratic or cubic Bézier curve, without its start."""
    hull = np.vstack([start, controls])
    degree = len(hull) - 1
    t = np.linspace(0, 1, _CURVE_SAMPLES + 1)[1:, None]
    weights = [math.comb(degree, k) * t**k * (1 - t) ** (degree - k) for k in range(degree + 1)]
    return np.concatenate(weights, axis=1) @ hull


def _place(lines: list[np.ndarray], thing: dict[str, Any]) -> list[np.ndarray]:
    """Apply what was done to the object after it was drawn."""
    if "left" not in thing or "top" not in thing or not lines:
        return lines
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0), everything.max(axis=0)
    middle, size = (low + high) / 2, high - low
    scale = np.array([_number(thing, "scaleX", 1), _number(thing, "scaleY", 1)])
    flip = np.where([thing.get("flipX", False), thing.get("flipY", False)], -1.0, 1.0)
    angle = math.radians(_number(thing, "angle", 0))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    # `left` and `top` name the origin; from there to the middle it is a part of the outer size.
    origin = np.array(
        [
            _ORIGINS.get(str(thing.get("originX", "left")), -0.5),
            _ORIGINS.get(str(thing.get("originY", "top")), -0.5),
        ]
    )
    outer = (size + _number(thing, "strokeWidth", 0)) * scale
    anchor = np.array([_number(thing, "left", 0), _number(thing, "top", 0)])
    return [((line - middle) * scale * flip - origin * outer) @ turn.T + anchor for line in lines]


def _number(thing: dict[str, Any], key: str, default: float) -> float:
    value = thing.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DrawingError(f"A stroke of the drawing cannot be read: its {key} is not a number.")
    return float(value)


def _check_finite(points: np.ndarray) -> None:
    if points.ndim != 2:
        raise ValueError(f"points of shape {points.shape}")
    # Written so that NaN fails it too.
    if not bool((np.abs(points) <= MAX_COORDINATE_PX).all()):
        raise DrawingError(
            "A stroke of the drawing has a coordinate that is not a usable number. "
            "Draw it again, or export the drawing again."
        )


def fit_drawing(drawing: dict[str, Any], width_px: float, height_px: float) -> dict[str, Any]:
    """Shrink a drawing so that all of it lies on the canvas.

    Args:
        drawing: what `parse_drawing` reads; may be empty.
        width_px: the canvas's width.
        height_px: the canvas's height.
    Returns:
        The same drawing if it fits; otherwise smaller, in the canvas's upper left corner.
    Raises:
        DrawingError: this is no canvas drawing.
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
    # As far to the left and up as it was, if there is room.
    x = min(max(left, 0.0), width_px - width * scale) - left * scale
    y = min(max(top, 0.0), height_px - height * scale) - top * scale
    return {
        **drawing,
        "objects": [_move(thing, scale, x, y) for thing in drawing["objects"]],
    }


def _move(thing: dict[str, Any], scale: float, x: float, y: float) -> dict[str, Any]:
    """Scale one object, then move it."""
    if "left" in thing and "top" in thing:
        return thing | {
            "left": thing["left"] * scale + x,
            "top": thing["top"] * scale + y,
            "scaleX": thing.get("scaleX", 1) * scale,
            "scaleY": thing.get("scaleY", 1) * scale,
        }
    # It has not been on a canvas yet: only its points say where it is.
    path = [
        [letter, *(n * scale + (y if k % 2 else x) for k, n in enumerate(numbers))]
        for letter, *numbers in thing.get("path", [])
    ]
    return thing | {"path": path, "strokeWidth": thing.get("strokeWidth", 1) * scale}
