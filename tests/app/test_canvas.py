"""The canvas component stores its state as `get_drawing` reads it."""

from streamlit.testing.v1 import AppTest


def render_canvas_with_recorder():
    """The script under test: what the component is called with, instead of the component."""
    import streamlit as st
    import streamlit_drawable_canvas

    from digitlab.ui.canvas import get_drawing, render_ink_canvas, replace_drawing

    def record(*, default, key, **_arguments):
        # Streamlit keeps a component's state under its key, in the form of its default.
        return st.session_state.setdefault(key, default)

    def render():
        return render_ink_canvas(
            100, 100, pen_px=9, key="canvas", label="Canvas", replacing_keys=["clear"]
        )

    component, streamlit_drawable_canvas.out = streamlit_drawable_canvas.out, record
    try:
        one, two = {"type": "Path", "path": [["M", 1, 1]]}, {"type": "Path", "path": [["M", 2, 2]]}
        replace_drawing("canvas", {"objects": [one]})
        assert render()["objects"] == get_drawing("canvas")["objects"] == [one]
        reported = st.session_state["canvas"]["drawing"]
        reported["raw"] = reported["raw"] | {"objects": [one, two]}
        assert get_drawing("canvas")["objects"] == [one, two]
        # What the canvas reported about another drawing counts no more.
        replace_drawing("canvas", None)
        assert get_drawing("canvas")["objects"] == []
        assert get_drawing("other")["objects"] == []
    finally:
        streamlit_drawable_canvas.out = component


def test_drawing_is_what_the_canvas_reported_unless_it_was_replaced():
    app = AppTest.from_function(render_canvas_with_recorder).run()
    assert not app.exception
