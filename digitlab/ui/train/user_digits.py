"""A canvas for up to ten digits, which the network reads after each epoch."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.inference.multi_digit import frame_many_drawing
from digitlab.ink import parse_drawing
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.quantities import format_count
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.canvas import Drawing, render_ink_canvas, replace_drawing
from digitlab.ui.model_cache import get_reader, list_digit_models
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error

MAX_DIGITS = 10
# Streamlit drops a widget's state when its page is left; these keys are kept.
_DIGITS = "train_own_digits"
_LABELS, _PROPOSED_LABELS = "train_written", "train_own_reading"
_CANVAS, _CLEAR = "train_own_canvas", "train_own_clear"
_HEIGHT_PX = 170
_PEN_PX = 9


@dataclass(frozen=True)
class UserDigits:
    """The user's digits: `(n, 28, 28)` uint8, and the label of each, -1 if unknown."""

    images: np.ndarray
    labels: tuple[int, ...]


def get_user_digits() -> UserDigits | None:
    """The digits on the canvas, if any."""
    digits: UserDigits | None = st.session_state.get(_DIGITS)
    return digits


@st.fragment
def render_user_digits() -> None:
    """Render the canvas, and the digits that were found on it."""
    st.markdown("Write up to ten digits. After each epoch you see how the network reads them.")
    width_px = measure_width("train_own_width")
    if width_px is None:
        return
    drawing = _render_canvas(width_px)
    if not drawing["objects"]:
        st.session_state[_DIGITS] = None
        return
    try:
        found = frame_many_drawing(parse_drawing(drawing), get_reader(list_digit_models()[0]))
    except DigitlabError as error:
        st.session_state[_DIGITS] = None
        render_error(error)
        return
    if len(found) > MAX_DIGITS:
        st.warning(f"There are {len(found)} digits; the first {MAX_DIGITS} are used.")
        found = found[:MAX_DIGITS]
    images = np.stack([image for image, _ in found])
    labels = _render_labels("".join(str(answer.digit) for _, answer in found))
    st.session_state[_DIGITS] = UserDigits(images, labels)
    _render_thumbnails(images)


def _render_canvas(width_px: int) -> Drawing:
    drawing = render_ink_canvas(
        width_px,
        _HEIGHT_PX,
        pen_px=_PEN_PX,
        key=_CANVAS,
        label="Canvas: write up to ten digits",
        replacing_keys=[_CLEAR],
    )
    st.button(
        "Clear",
        key=_CLEAR,
        icon=":material/ink_eraser:",
        on_click=callback(_clear),
    )
    return drawing


def _clear() -> None:
    st.session_state[_DIGITS] = None
    replace_drawing(_CANVAS, None)


def _render_labels(predictions: str) -> tuple[int, ...]:
    """The labels of the digits: proposed from the model's predictions, editable."""
    state = st.session_state
    if state.get(_PROPOSED_LABELS) != predictions:
        state[_PROPOSED_LABELS] = state[_LABELS] = predictions
    state.setdefault(_LABELS, predictions)
    text = st.text_input(
        "You wrote",
        key=_LABELS,
        help="As the default model reads it. Correct it if it is wrong: these are the labels.",
    )
    labels = [int(c) if c in "0123456789" else -1 for c in "".join(text.split())]
    if len(labels) != len(predictions):
        found, typed = (format_count(n, "digit") for n in (len(predictions), len(labels)))
        st.caption(f"{found} on the canvas, but {typed} typed.")
    labels += [-1] * len(predictions)
    return tuple(labels[: len(predictions)])


def _render_thumbnails(images: np.ndarray) -> None:
    data_uris = [build_data_uri(to_dark_on_light(image)) for image in images]
    thumbnails = "".join(f'<img src="{data_uri}" alt="">' for data_uri in data_uris)
    st.html(f'<div class="thumbnails" title="As the network sees them">{thumbnails}</div>')
