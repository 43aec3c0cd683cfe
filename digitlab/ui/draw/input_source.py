"""The input sources of the Draw page: the canvas, a picture file, the camera."""

from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from digitlab.errors import InkError
from digitlab.ink import decode_picture
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.actions import notify
from digitlab.ui.selectors import MODEL_KEY, format_model_names, render_segments, render_toggle
from digitlab.ui.streamlit_internals import callback
from digitlab.zip_safety import MAX_UPLOAD_MB


@dataclass(frozen=True)
class InputSource:
    """One way to enter digits.

    Attributes:
        prompt: shown while there is no input yet.
        multi_digit_prompt: the same when several digits are read at once.
    """

    id: str
    label: str
    prompt: str
    multi_digit_prompt: str


CANVAS = InputSource(
    "draw",
    ":material/draw: Draw",
    "Draw a digit, 0 to 9. It is read as you go.",
    "Write a number, like 2026. It is read as you go.",
)
PICTURE = InputSource(
    "picture",
    ":material/image: Picture",
    "Choose or paste (Ctrl+V) a picture of one handwritten digit.",
    "Choose or paste (Ctrl+V) a picture with one or more handwritten digits.",
)
CAMERA = InputSource(
    "camera",
    ":material/photo_camera: Camera",
    "Hold one handwritten digit up to the camera.",
    "Hold some handwritten digits up to the camera.",
)
_SOURCES = {source.id: source for source in (CANVAS, PICTURE, CAMERA)}

_SOURCE_KEY = "draw_source"
_SEVERAL = "draw_several"
_PREVIEW_PX = 280
# An image received from another page, until the user dismisses it.
_RECEIVED_IMAGE = "draw_received_image"
_RECEIVED_CAPTION = "draw_received_caption"
# A 28 px digit needs a margin and enough pixels to go through preprocessing again.
_RECEIVED_SCALE, _RECEIVED_MARGIN_PX = 8, 4


def render_reader_choice(models: dict[str, StoredModel]) -> StoredModel:
    """Render the choice of the model that reads digits.

    Args:
        models: by id, at least one.
    """
    names = format_model_names(models)
    model_id = st.selectbox(
        "Read by",
        list(models),
        format_func=names.__getitem__,
        key=MODEL_KEY,
        persist_state="session",
        label_visibility="collapsed",
        width=260,
    )
    return models[model_id]


def render_source_choice() -> InputSource:
    """Render the choice of the input source."""
    labels = {source.id: source.label for source in _SOURCES.values()}
    return _SOURCES[render_segments("Input source", labels, key=_SOURCE_KEY)]


def render_several_toggle() -> bool:
    """Render the switch between one digit and several; its state survives leaving the page."""
    return render_toggle(
        "Several digits",
        "Write a whole number, like 2026; each digit is found and read.",
        key=_SEVERAL,
        persist_state="session",
    )


def read_several() -> None:
    """Switch to several digits; only from a callback."""
    st.session_state[_SEVERAL] = True


def select_canvas() -> None:
    """Switch to the canvas; only from a callback."""
    st.session_state[_SOURCE_KEY] = CANVAS.id


def render_picture_input(source: InputSource, subject: str) -> np.ndarray | None:
    """Render the file uploader or the camera.

    Args:
        source: `PICTURE` or `CAMERA`.
        subject: what the picture shows, for the widget's label.
    Returns:
        The picture, `(h, w)` or `(h, w, 3)` uint8; None without one.
    Raises:
        InkError: the file is not a picture.
    """
    if source is PICTURE and _RECEIVED_IMAGE in st.session_state:
        return _render_received_image()
    if source is PICTURE:
        # Any type: an unsupported file gets a message that says what to do, not Streamlit's chip.
        file = st.file_uploader(
            f"A picture of {subject}",
            key="draw_upload",
            max_upload_size=MAX_UPLOAD_MB,
        )
    else:
        file = st.camera_input(f"A photo of {subject}", key="draw_photo")
    if file is None:
        return None
    decoded = decode_picture(file.getvalue())
    if source is PICTURE:
        # The camera widget shows its photo itself.
        st.image(decoded, width=min(decoded.shape[1], _PREVIEW_PX), alt="Your picture")
    return decoded


def receive_picture(file: bytes) -> None:
    """Show and read a picture from the clipboard; only from a callback."""
    try:
        _receive_image(decode_picture(file), "From the clipboard")
    except InkError as error:
        notify(str(error), ":material/error:")


def send_to_draw_page(image: np.ndarray, model_id: str) -> None:
    """Make the Draw page show and read a digit when it opens next.

    Args:
        image: `(28, 28)` uint8, ink 255, paper 0.
        model_id: the model that reads it.
    """
    paper = 255 - np.pad(image, _RECEIVED_MARGIN_PX)
    size = (paper.shape[1] * _RECEIVED_SCALE, paper.shape[0] * _RECEIVED_SCALE)
    image = cv2.resize(paper, size, interpolation=cv2.INTER_CUBIC)
    _receive_image(image, "A test digit from the Evaluate page")
    st.session_state[_SEVERAL] = False
    st.session_state[MODEL_KEY] = model_id


def _receive_image(image: np.ndarray, caption: str) -> None:
    state = st.session_state
    state[_RECEIVED_IMAGE], state[_RECEIVED_CAPTION] = image, caption
    state[_SOURCE_KEY] = PICTURE.id


def _dismiss_received_image() -> None:
    st.session_state.pop(_RECEIVED_IMAGE, None)


def _render_received_image() -> np.ndarray:
    picture: np.ndarray = st.session_state[_RECEIVED_IMAGE]
    st.image(picture, width=_PREVIEW_PX, caption=st.session_state[_RECEIVED_CAPTION])
    st.button(
        "Choose a picture of your own",
        key="draw_received_dismiss",
        icon=":material/close:",
        on_click=callback(_dismiss_received_image),
    )
    return picture
