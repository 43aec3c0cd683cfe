"""Make a canvas drawing fit a smaller canvas."""

from typing import Any

from digitlab.ink.drawing import parse_drawing
from digitlab.ink.rows import enclose

# What a line's smoothed end may stand over, besides the pen.
_MARGIN_PX = 2.0


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
