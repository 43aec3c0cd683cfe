"""The ways to show digits to the app: draw them, a picture file, the camera."""

import cv2
import numpy as np
import streamlit as st

from digitlab.ink import decode_picture
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback

INPUT_SOURCES = {
    "draw": ":material/draw: Draw",
    "picture": ":material/image: Picture",
    "camera": ":material/photo_camera: Camera",
}

_SHOWN_PX = 280
# A digit that another page has handed over, until it is taken away.
_HANDED = "draw_handed"
# A digit of 28 px needs some paper around it and pixels enough to be framed again.
_HANDED_SCALE, _HANDED_MARGIN_PX = 8, 4


def render_source_choice() -> str:
    """The choice between them: "draw", "picture" or "camera"."""
    return render_segments("How to show a digit", INPUT_SOURCES, key="draw_way")


def render_picture_input(way: str, what: str) -> np.ndarray | None:
    """The uploader or the camera; the picture, `(h, w)` or `(h, w, 3)` uint8, None without one.

    Args:
        what: what it is to show, for the label.
    Raises:
        InkError: the file is no picture.
    """
    if way == "picture" and _HANDED in st.session_state:
        return _render_handed()
    if way == "picture":
        file = st.file_uploader(
            f"A picture of {what}",
            type=["png", "jpg", "jpeg", "bmp", "gif", "webp"],
            key="draw_upload",
        )
    else:
        file = st.camera_input(f"A photo of {what}", key="draw_photo")
    if file is None:
        return None
    decoded = decode_picture(file.getvalue())
    if way == "picture":
        # The camera shows its photo itself.
        st.image(decoded, width=min(decoded.shape[1], _SHOWN_PX))
    return decoded


def use_image(image: np.ndarray, model_id: str) -> None:
    """Have the Draw page show and read a digit when it opens next.

    Args:
        image: `(28, 28)` uint8, ink 255, paper 0.
        model_id: who is to read it.
    """
    paper = 255 - np.pad(image, _HANDED_MARGIN_PX)
    size = (paper.shape[1] * _HANDED_SCALE, paper.shape[0] * _HANDED_SCALE)
    st.session_state[_HANDED] = cv2.resize(paper, size, interpolation=cv2.INTER_CUBIC)
    st.session_state["draw_way"] = "picture"
    st.session_state["draw_several_choice"] = False
    st.session_state["draw_model"] = model_id


def _take_away() -> None:
    st.session_state.pop(_HANDED, None)


def _render_handed() -> np.ndarray:
    picture: np.ndarray = st.session_state[_HANDED]
    st.image(picture, width=_SHOWN_PX, caption="A test digit from the Evaluate page")
    st.button(
        "Choose a picture of your own",
        key="draw_handed_off",
        icon=":material/close:",
        on_click=callback(_take_away),
    )
    return picture
