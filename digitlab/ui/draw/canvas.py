"""The drawing canvas with an Undo and a Clear that work on phones, and a brush."""

import streamlit as st

from digitlab.ink.fabricjs import fit_drawing
from digitlab.ink.samples import CANVAS_PX
from digitlab.ui.canvas import Drawing, get_drawing, render_ink_canvas
from digitlab.ui.streamlit_internals import callback, defer_rerun

# Streamlit drops a widget's state when its page is left; these keys are ours and stay.
_DRAWING = "draw_drawing"
_START = "draw_start"
_VERSION = "draw_version"
_WIDTH = "draw_canvas_width"
# Before it was made to fit a smaller canvas, and after.
_UNFITTED = "draw_unfitted"
SIDE_PX = CANVAS_PX + 20
_BRUSH_PX = (8, 40, 18)


def render_canvas(width_px: int = SIDE_PX) -> Drawing:
    """Show the canvas and its tools.

    Args:
        width_px: when it is not the same as before, what was drawn is kept, made smaller if need
            be.
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
        # Just mounted, or come back from another page: begin with what was drawn.
        state[_START] = state.get(_DRAWING)
    with st.container(key="draw_canvas_steady"):
        drawing = render_ink_canvas(
            width_px,
            SIDE_PX,
            pen_px=state.get("draw_brush", _BRUSH_PX[2]),
            key=f"draw_canvas_{version}",
            start=state[_START],
        )
    state[_DRAWING] = drawing
    _render_tools(bool(drawing["objects"]))
    return drawing


def replace_drawing(drawing: Drawing | None) -> None:
    """Put another drawing on the canvas, or none."""
    state = st.session_state
    state[_DRAWING] = drawing
    # A new key is a new canvas: the component keeps its own content otherwise.
    state[_VERSION] = state.get(_VERSION, 0) + 1


def _fit(width_px: int) -> None:
    """Bring the drawing to another canvas; back on the larger one it is as it was."""
    state = st.session_state
    drawing = state.get(_DRAWING) or {"objects": []}
    fitted, unfitted = state.pop(_UNFITTED, (None, None))
    if fitted == drawing["objects"]:
        drawing = unfitted
    smaller = fit_drawing(drawing, width_px, SIDE_PX)
    if smaller is not drawing:
        state[_UNFITTED] = (smaller["objects"], drawing)
    replace_drawing(smaller)


def _undo() -> None:
    state = st.session_state
    drawing = get_drawing(f"draw_canvas_{state[_VERSION]}") or state[_DRAWING]
    replace_drawing({**drawing, "objects": drawing["objects"][:-1]})


def _render_tools(has_ink: bool) -> None:
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
        low, high, usual = _BRUSH_PX
        st.slider("Brush", low, high, usual, key="draw_brush", width=110, format="%d px")
