"""The ways to show digits to the app: draw them, a picture file, the camera."""

import numpy as np
import streamlit as st

from digitlab.ink import decode_picture

WAYS = {
    "draw": ":material/draw: Draw",
    "picture": ":material/image: Picture",
    "camera": ":material/photo_camera: Camera",
}

_SHOWN_PX = 280


def render_way_choice() -> str:
    """The choice between them: "draw", "picture" or "camera"."""
    way: str = st.segmented_control(
        "How to show a digit",
        list(WAYS),
        format_func=WAYS.__getitem__,
        default="draw",
        required=True,
        key="draw_way",
        label_visibility="collapsed",
    )
    return way


def render_picture_input(way: str, what: str) -> np.ndarray | None:
    """The uploader or the camera; the picture, `(h, w)` or `(h, w, 3)` uint8, None without one.

    Args:
        what: what it is to show, for the label.
    Raises:
        InkError: the file is no picture.
    """
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
