"""The drawing canvas with the ink and paper that all pages use."""

from typing import Any

import streamlit as st

# The component's `json_data`.
Drawing = dict[str, Any]

# Dark ink on white paper in both themes.
_INK, _PAPER = "#1f2a44", "#ffffff"


def render_ink_canvas(
    width_px: int, height_px: int, *, pen_px: int, key: str, start: Drawing | None = None
) -> Drawing:
    """Render a canvas to draw on.

    Args:
        key: a new key makes a new canvas; with the same key the component keeps its content.
        start: the drawing on a new canvas.
    Returns:
        The drawing so far; its `objects` are empty on a blank canvas.
    """
    # Imported late: it registers a component, which only a running server allows.
    from streamlit_drawable_canvas import st_canvas

    result = st_canvas(
        stroke_width=pen_px,
        stroke_color=_INK,
        background_color=_PAPER,
        width=width_px,
        height=height_px,
        initial_drawing=start,
        key=key,
    )
    drawing: Drawing = result.json_data or {"objects": []}
    return drawing


def get_latest_drawing(key: str) -> Drawing | None:
    """The drawing as the browser sent it last. For callbacks, which run before the page.

    Args:
        key: the canvas's key.
    Returns:
        None if the browser has not sent this canvas yet.
    """
    # The layout of this state is the component's own; tests/app/test_canvas.py watches it. Only
    # the page's next run would return the drawing that arrives together with a click.
    state = st.session_state.get(key) or {}
    drawing: Drawing | None = (state.get("drawing") or {}).get("raw")
    return drawing
