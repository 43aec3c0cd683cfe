"""The drawing canvas with Undo, Clear and a brush size that work on phones."""

import streamlit as st

from digitlab.ink.fabricjs import fit_drawing
from digitlab.ink.samples import CANVAS_PX
from digitlab.ui.canvas import Drawing, get_latest_drawing, render_ink_canvas
from digitlab.ui.streamlit_internals import callback, defer_rerun

# Streamlit drops a widget's state when its page is left; these keys are kept.
_DRAWING = "draw_drawing"
_START = "draw_start"
_VERSION = "draw_version"
_WIDTH = "draw_canvas_width"
# The objects of a drawing that was scaled down, and the drawing before that.
_SCALED_DOWN = "draw_scaled_down"
SIDE_PX = CANVAS_PX + 20
_MIN_BRUSH_PX, _MAX_BRUSH_PX, _DEFAULT_BRUSH_PX = 8, 40, 18


def render_canvas(width_px: int = SIDE_PX) -> Drawing:
    """Render the canvas and its tools.

    Args:
        width_px: if it differs from the last run, the drawing is kept, scaled down if necessary.
    Returns:
        The drawing so far, as `json_data`; its `objects` are empty on a blank canvas.
    """
    state = st.session_state
    if state.setdefault(_WIDTH, width_px) != width_px:
        with defer_rerun():
            state[_WIDTH] = width_px
            _fit(width_px)
    version = state.setdefault(_VERSION, 0)
    if f"draw_canvas_{version}" not in state:
        # Mounted for the first time, or after a visit to another page: restore the drawing.
        state[_START] = state.get(_DRAWING)
    with st.container(key="draw_canvas_steady"):
        drawing = render_ink_canvas(
            width_px,
            SIDE_PX,
            pen_px=state.get("draw_brush", _DEFAULT_BRUSH_PX),
            key=f"draw_canvas_{version}",
            start=state[_START],
        )
    state[_DRAWING] = drawing
    _render_tools(has_ink=bool(drawing["objects"]))
    return drawing


def replace_drawing(drawing: Drawing | None) -> None:
    """Replace the drawing on the canvas; None clears it."""
    state = st.session_state
    state[_DRAWING] = drawing
    # A new key makes a new canvas: with the same key the component keeps its content.
    state[_VERSION] = state.get(_VERSION, 0) + 1


def _fit(width_px: int) -> None:
    """Fit the drawing to a canvas of another width; on a wider one it gets its old size back."""
    state = st.session_state
    drawing = state.get(_DRAWING) or {"objects": []}
    scaled_objects, original = state.pop(_SCALED_DOWN, (None, None))
    if scaled_objects == drawing["objects"]:
        drawing = original
    fitted = fit_drawing(drawing, width_px, SIDE_PX)
    if fitted is not drawing:
        state[_SCALED_DOWN] = (fitted["objects"], drawing)
    replace_drawing(fitted)


def _undo() -> None:
    state = st.session_state
    drawing = get_latest_drawing(f"draw_canvas_{state[_VERSION]}") or state[_DRAWING]
    replace_drawing({**drawing, "objects": drawing["objects"][:-1]})


def _render_tools(*, has_ink: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="draw_tools"):
        st.button(
            "Undo",
            key="draw_undo",
            icon=":material/undo:",
            on_click=callback(_undo),
            disabled=not has_ink,
        )
        st.button(
            "Clear",
            key="draw_clear",
            icon=":material/ink_eraser:",
            on_click=callback(replace_drawing),
            args=(None,),
            disabled=not has_ink,
        )
        st.slider(
            "Brush",
            _MIN_BRUSH_PX,
            _MAX_BRUSH_PX,
            _DEFAULT_BRUSH_PX,
            key="draw_brush",
            width=110,
            format="%d px",
        )
