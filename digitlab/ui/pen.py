"""The pen on a canvas: it reports strokes while they are drawn, before the canvas does.

An invisible component listens to the pointer beside the canvas, see `pen.js`.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st

from digitlab.ui.streamlit_internals import callback

_JS = Path(__file__).with_suffix(".js").read_text("utf-8")
# Fabric.js drops points nearer to the last one than this, and extends a path at both ends by this
# fraction of the pen's width.
_MIN_STEP_PX, _EXTENSION = 0.4, 1 / 1000

Point = tuple[float, float]


@dataclass(frozen=True)
class PenReport:
    """What the pen has reported; nothing in it is checked.

    Attributes:
        id: of the message.
        revision: of the drawing that the strokes were drawn on.
        n_before: the number of strokes on that drawing before the first of `strokes`.
        strokes: each with `points`, alternating x and y in canvas pixels, and `width`.
        is_down: the last stroke is still being drawn.
    """

    id: Any
    revision: Any
    n_before: Any
    strokes: Any
    is_down: bool

    def build_objects(self, n_reported: int) -> list[dict[str, Any]]:
        """The objects that the canvas makes of the strokes.

        Args:
            n_reported: the number of strokes that it has reported itself; they are left out.
        Raises:
            KeyError, TypeError, ValueError, IndexError: a stroke has invalid content.
        """
        return [_build_object(one) for one in self.strokes[max(n_reported - self.n_before, 0) :]]


def render_pen(key: str, data: dict[str, Any]) -> None:
    """Render the component.

    Args:
        key: identifies the pen on its page.
        data: as `Pen.update` in `pen.js` takes it.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    pen = st.components.v2.component("digitlab_pen", js=_JS)
    pen(key=key, data=data, on_drawn_change=callback(_do_nothing))


def get_pen_report(key: str) -> PenReport | None:
    """What the pen has reported last; None if nothing was drawn since the page was opened."""
    drawn = (st.session_state.get(key) or {}).get("drawn")
    if not isinstance(drawn, dict):
        return None
    return PenReport(
        id=drawn.get("id"),
        revision=drawn.get("revision"),
        n_before=drawn.get("first"),
        strokes=drawn.get("strokes"),
        is_down=bool(drawn.get("down")),
    )


def _do_nothing() -> None:
    """Streamlit keeps a component's state only if it has a callback."""


def _build_object(stroke: dict[str, Any]) -> dict[str, Any]:
    numbers, width_px = stroke["points"], stroke["width"]
    points = _drop_close_points(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return {"type": "Path", "path": _build_path(points, width_px), "strokeWidth": width_px}


def _drop_close_points(points: list[Point]) -> list[Point]:
    """As `PencilBrush.decimatePoints` of Fabric.js does."""
    kept = points[:1]
    # The last but one is always dropped.
    for point in points[1:-2]:
        if math.dist(point, kept[-1]) >= _MIN_STEP_PX:
            kept.append(point)
    return [*kept, points[-1]]


def _build_path(points: list[Point], width_px: float) -> list[list[Any]]:
    """As `getSmoothPathFromPoints` of Fabric.js does."""
    begin, end = (1, 0), (1, 0)
    if len(points) > 2:
        begin, end = _find_direction(*points[1:3]), _find_direction(*points[-2:])
    extension = width_px * _EXTENSION
    (x, y), (last_x, last_y) = points[0], points[-1]
    path: list[list[Any]] = [["M", x - begin[0] * extension, y - begin[1] * extension]]
    for here, there in pairwise(points):
        if here != there:
            path.append(["Q", *here, (here[0] + there[0]) / 2, (here[1] + there[1]) / 2])
    path.append(["L", last_x + end[0] * extension, last_y + end[1] * extension])
    return path


def _find_direction(here: Point, there: Point) -> tuple[int, int]:
    """The signs of the steps in x and y."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    return (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
