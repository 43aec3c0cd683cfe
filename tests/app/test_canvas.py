"""The canvas component stores its state as `get_latest_drawing` reads it."""

from streamlit.testing.v1 import AppTest


def render_canvas_with_recorder():
    """The script under test: what the component is called with, instead of the component."""
    import streamlit as st
    import streamlit_drawable_canvas

    from digitlab.ui.canvas import get_latest_drawing, render_ink_canvas

    def record(*, default, key, **_arguments):
        # Streamlit keeps a component's state under its key, in the form of its default.
        st.session_state["state"] = default
        return default

    component, streamlit_drawable_canvas.out = streamlit_drawable_canvas.out, record
    try:
        drawing = render_ink_canvas(
            100, 100, pen_px=9, key="canvas", start={"objects": [{"type": "Path"}]}
        )
    finally:
        streamlit_drawable_canvas.out = component
    latest = get_latest_drawing("state")
    assert drawing["objects"] == latest["objects"] == [{"type": "Path"}]
    assert get_latest_drawing("other") is None


def test_latest_drawing_is_found_in_the_state_of_the_component():
    app = AppTest.from_function(render_canvas_with_recorder).run()
    assert not app.exception
