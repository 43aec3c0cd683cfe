"""Several digits at once: the wide sheet to write on, and what was read."""

import numpy as np
import streamlit as st

from digitlab.ink import parse_drawing
from digitlab.ink.drawing import Stroke
from digitlab.many import extract_page, read_many_drawing, read_many_page
from digitlab.reader import DigitReader
from digitlab.ui.boxed_ink import describe_page, describe_strokes, render_boxed_ink
from digitlab.ui.canvas import render_canvas
from digitlab.ui.number import render_number
from digitlab.ui.width import measure_width

Shown = tuple[Stroke, ...] | np.ndarray

# Streamlit drops a widget's state when its page is left; this key is ours and stays.
_CHOICE = "draw_several_choice"


def render_several_toggle() -> bool:
    """The switch between one digit and several; it stays when the page is left."""
    state = st.session_state
    state[_CHOICE] = st.toggle(
        "Several digits",
        value=state.get(_CHOICE, False),
        key="draw_several",
        help="Write a whole number, like 2026; each digit is found and read.",
    )
    return bool(state[_CHOICE])


def render_wide_canvas() -> tuple[Stroke, ...] | None:
    """A canvas as wide as the page; the strokes on it, None while it is blank.

    Raises:
        InkError: the drawing cannot be read.
    """
    with st.container(key="draw_wide"):
        width_px = measure_width("draw_width")
        if width_px is None:
            return None
        drawing = render_canvas(width_px)
    return parse_drawing(drawing) if drawing["objects"] else None


def render_reading(shown: Shown, reader: DigitReader) -> None:
    """Read all digits; show the number, and beside it the boxes they were found in.

    Args:
        shown: the strokes of a drawing, or a picture from `decode_picture`.
    Raises:
        InkError: there is no ink.
    """
    if isinstance(shown, np.ndarray):
        page = extract_page(shown)
        digits = read_many_page(page, reader)
        scene = describe_page(page)
    else:
        digits = read_many_drawing(shown, reader)
        scene = describe_strokes(shown)
    left, right = st.columns(2, gap="medium")
    with left:
        render_number(digits)
    with right:
        render_boxed_ink(scene, digits, key="draw_boxes")
