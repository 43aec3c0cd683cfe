"""A sheet to write up to ten digits on, which the network then reads while it learns."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.inference.multi_digit import frame_many_drawing
from digitlab.ink import parse_drawing
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.canvas import Drawing, render_ink_canvas
from digitlab.ui.model_cache import get_reader, list_digit_models
from digitlab.ui.streamlit_internals import callback

MAX_DIGITS = 10
# Streamlit drops a widget's state when its page is left; these keys are ours and stay.
_DRAWING = "train_own_drawing"
_START = "train_own_start"
_VERSION = "train_own_version"
_DIGITS = "train_own_digits"
_WRITTEN = "train_written"
_SIDE_PX = 170
_PEN_PX = 9


@dataclass(frozen=True)
class UserDigits:
    """What a person wrote: `(n, 28, 28)` uint8, and what each is meant to be, -1 if unknown."""

    images: np.ndarray
    labels: tuple[int, ...]


def get_user_digits() -> UserDigits | None:
    """The digits that are on the sheet now, if any."""
    digits: UserDigits | None = st.session_state.get(_DIGITS)
    return digits


@st.fragment
def render_user_digits() -> None:
    """The sheet, and the digits that were found on it."""
    st.markdown(
        "Write up to ten digits. After each epoch you see how the network reads them by then."
    )
    width_px = measure_width("train_own_width")
    if width_px is None:
        return
    drawing = _render_sheet(width_px)
    if not drawing["objects"]:
        st.session_state[_DIGITS] = None
        return
    try:
        found = frame_many_drawing(parse_drawing(drawing), get_reader(list_digit_models()[0]))
    except DigitlabError as error:
        st.error(str(error))
        return
    if len(found) > MAX_DIGITS:
        st.warning(f"There are {len(found)} digits; the first {MAX_DIGITS} are followed.")
        found = found[:MAX_DIGITS]
    images = np.stack([image for image, _ in found])
    labels = _ask_labels("".join(str(answer.digit) for _, answer in found))
    st.session_state[_DIGITS] = UserDigits(images, labels)
    _render_found(images)


def _render_sheet(width_px: int) -> Drawing:
    state = st.session_state
    version = state.setdefault(_VERSION, 0)
    if f"train_own_canvas_{version}" not in state:
        state[_START] = state.get(_DRAWING)
    with st.container(key="train_own_steady"):
        drawing = render_ink_canvas(
            width_px,
            _SIDE_PX,
            pen_px=_PEN_PX,
            key=f"train_own_canvas_{version}",
            start=state[_START],
        )
    state[_DRAWING] = drawing
    st.button(
        "Clear",
        key="train_own_clear",
        icon=":material/ink_eraser:",
        on_click=callback(_clear),
        disabled=not drawing["objects"],
    )
    return drawing


def _clear() -> None:
    state = st.session_state
    state[_DRAWING] = state[_DIGITS] = None
    # A new key is a new canvas: the component keeps its own content otherwise.
    state[_VERSION] += 1


def _ask_labels(reading: str) -> tuple[int, ...]:
    """What the digits are meant to be: proposed as they are read now, to be corrected."""
    state = st.session_state
    if state.get("train_own_reading") != reading:
        state["train_own_reading"] = state[_WRITTEN] = reading
    state.setdefault(_WRITTEN, reading)
    written = st.text_input(
        "You wrote",
        key=_WRITTEN,
        help="As the model on the shelf reads it. Correct it if need be: what is said here "
        "counts as right.",
    )
    marks = [int(mark) if mark in "0123456789" else -1 for mark in "".join(written.split())]
    if len(marks) != len(reading):
        st.caption(
            f"{len(reading)} digits were found on the sheet, but {len(marks)} are named here."
        )
    marks += [-1] * len(reading)
    return tuple(marks[: len(reading)])


def _render_found(images: np.ndarray) -> None:
    addresses = [build_data_uri(to_dark_on_light(image)) for image in images]
    pictures = "".join(f'<img src="{address}" alt="">' for address in addresses)
    st.html(f'<div class="thumbnails" title="As the network will see them">{pictures}</div>')
