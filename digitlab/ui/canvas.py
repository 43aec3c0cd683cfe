"""The canvas component, with ink and paper as they are on every page."""

from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

# The component's `json_data`.
Drawing = dict[str, Any]

# Dark ink on white paper in both themes: it is a sheet of paper.
_INK, _PAPER = "#1f2a44", "#ffffff"


def render_ink_canvas(
    width_px: int, height_px: int, *, pen_px: int, key: str, start: Drawing | None = None
) -> Drawing:
    """Show a canvas to draw on.

    Args:
        key: another one makes a new canvas; the component keeps its own content otherwise.
        start: what is on a new canvas.
    Returns:
        The drawing so far; its `objects` are empty on a blank canvas.
    """
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


def get_drawing(key: str) -> Drawing | None:
    """What is on a canvas by the browser's latest word, for callbacks: the page is a run behind.

    Args:
        key: the canvas's.
    Returns:
        None if the browser has not said anything of this canvas yet.
    """
    told = st.session_state.get(key) or {}
    drawing: Drawing | None = (told.get("drawing") or {}).get("raw")
    return drawing
