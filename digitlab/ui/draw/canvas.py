"""The drawing canvas with Undo, Clear and a brush size that work on phones."""

import streamlit as st

from digitlab.ink.fabricjs import fit_drawing
from digitlab.ui.canvas import (
    Drawing,
    get_drawing,
    get_unchanged_revision,
    render_ink_canvas,
    replace_drawing,
)
from digitlab.ui.draw.samples import STRIP_KEY, add_sample
from digitlab.ui.streamlit_internals import callback, defer_rerun

CANVAS_KEY = "draw_canvas"
_UNDO, _CLEAR = "draw_undo", "draw_clear"
# Streamlit drops a widget's state when its page is left; these keys are kept.
_SIZE = "draw_canvas_size"
# The revision of a drawing that was scaled down, and the drawing before that.
_SCALED_DOWN = "draw_scaled_down"
_SIDE_PX, _WIDE_HEIGHT_PX = 420, 260
_MIN_BRUSH_PX, _MAX_BRUSH_PX, _DEFAULT_BRUSH_PX = 8, 48, 24


def render_canvas(width_px: int, *, is_wide: bool) -> Drawing:
    """Render the canvas and its tools.

    Args:
        width_px: the available width. If the canvas's size differs from the last run, the drawing
            is kept, scaled down if necessary.
        is_wide: use all of the width, for several digits.
    Returns:
        The drawing so far, as `json_data`; its `objects` are empty on a blank canvas.
    """
    side_px = min(width_px, _SIDE_PX)
    size = (width_px, min(side_px, _WIDE_HEIGHT_PX)) if is_wide else (side_px, side_px)
    state = st.session_state
    if state.setdefault(_SIZE, size) != size:
        with defer_rerun():
            state[_SIZE] = size
            _fit()
    drawing = render_ink_canvas(
        *size,
        pen_px=state.get("draw_brush", _DEFAULT_BRUSH_PX),
        key=CANVAS_KEY,
        label="Canvas: draw here with the mouse, a finger or a pen",
        replacing_keys=(_UNDO, _CLEAR, STRIP_KEY),
        undo_key=_UNDO,
        is_live=True,
    )
    _render_tools()
    return drawing


def draw_sample(digit: int, *, append: bool) -> None:
    """Replace the drawing by a sample digit, or write it behind the drawing; in a callback."""
    size = st.session_state.get(_SIZE, (_SIDE_PX, _SIDE_PX))
    drawing = get_drawing(CANVAS_KEY) if append else {"objects": []}
    replace_drawing(CANVAS_KEY, fit_drawing(add_sample(drawing, digit, size), *size))


def _fit() -> None:
    """Fit the drawing to the canvas's new size; on a larger one it gets its old size back."""
    state = st.session_state
    drawing = get_drawing(CANVAS_KEY)
    revision, original = state.pop(_SCALED_DOWN, (None, None))
    if revision is not None and revision == get_unchanged_revision(CANVAS_KEY):
        drawing = original
    fitted = fit_drawing(drawing, *state[_SIZE])
    replace_drawing(CANVAS_KEY, fitted)
    if fitted is not drawing:
        state[_SCALED_DOWN] = (get_unchanged_revision(CANVAS_KEY), drawing)


def _undo() -> None:
    drawing = get_drawing(CANVAS_KEY)
    replace_drawing(CANVAS_KEY, {**drawing, "objects": drawing["objects"][:-1]})


def _render_tools() -> None:
    # They are never disabled: a button that is disabled by its own click loses the focus.
    with st.container(horizontal=True, vertical_alignment="center", key="draw_tools"):
        st.button("Undo", key=_UNDO, icon=":material/undo:", on_click=callback(_undo))
        st.button(
            "Clear",
            key=_CLEAR,
            icon=":material/ink_eraser:",
            on_click=callback(replace_drawing),
            args=(CANVAS_KEY, None),
        )
        st.slider(
            "Brush",
            _MIN_BRUSH_PX,
            _MAX_BRUSH_PX,
            _DEFAULT_BRUSH_PX,
            key="draw_brush",
            persist_state="session",
            width=150,
            format="Brush %d px",
            label_visibility="collapsed",
        )
