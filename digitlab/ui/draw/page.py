"""The Draw page: draw a digit or show a picture of one; it is read at once."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError, InkError, ModelStoreError
from digitlab.inference.multi_digit import format_rows, looks_like_several, read_many_page
from digitlab.inference.reader import DigitReader
from digitlab.inference.saliency import compute_occlusion
from digitlab.ink import parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.binarize import InkMap
from digitlab.ink.segmentation import quantize_page
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.actions import render_notice
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.draw.answer import render_answer, render_problem, render_prompt
from digitlab.ui.draw.canvas import draw_sample, render_canvas
from digitlab.ui.draw.clipboard import render_paste_listener
from digitlab.ui.draw.input_source import (
    CANVAS,
    InputSource,
    read_several,
    receive_picture,
    render_picture_input,
    render_reader_choice,
    render_several_toggle,
    render_source_choice,
    select_canvas,
)
from digitlab.ui.draw.multi_digit import MultiDigitInput, render_reading, render_several_prompt
from digitlab.ui.draw.samples import render_sample_strip
from digitlab.ui.draw.style import render_draw_style
from digitlab.ui.draw.teach import render_correction, render_teaching
from digitlab.ui.frame import page_header
from digitlab.ui.layer_pictures import build_layer_pictures
from digitlab.ui.model_cache import get_layer_observer, get_reader, list_digit_models
from digitlab.ui.selectors import LAYERS_KEY, render_toggle
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown

# Of the content on a desktop; the browser measures it while the page opens.
_USUAL_WIDTH_PX = 1120
# Canvas and tools are in a card, except on a phone; as in `style.py`.
_CARD_PX, _PHONE_PX = 26, 640
_WHY = "draw_why"


@dataclass(frozen=True)
class _Choices:
    """What is read how; there is no reader if `problem` says why."""

    source: InputSource
    is_several: bool
    model: StoredModel | None
    reader: DigitReader | None
    problem: DigitlabError | None


# Streamlit drops what a run of the whole page has not sent when a fragment is rerun just then. The
# canvas reports what it shows at any time: after the first run the page runs as a fragment only,
# and what the canvas's own fragment does not send again is sent before it.
@st.fragment
def render_page() -> None:
    """Render the Draw page."""
    render_draw_style()
    with page_header("Draw a digit"):
        choices, notes = _render_choices()
    for note in notes:
        st.caption(escape_markdown(note))
    width_px = measure_width("draw_width") or _USUAL_WIDTH_PX
    work = st.container()
    can_teach = choices.source is CANVAS and not choices.is_several
    with st.container(horizontal=True, vertical_alignment="center", key="draw_below"):
        render_sample_strip(partial(_pick_sample, append=choices.is_several))
        if can_teach:
            render_correction()
    if can_teach and choices.model is not None:
        render_teaching(choices.model)
    render_paste_listener(receive_picture)
    render_notice()
    with work:
        _render_work(choices, width_px)


def _render_choices() -> tuple[_Choices, tuple[str, ...]]:
    """The controls beside the title; also returns remarks on the model."""
    model: StoredModel | None = None
    reader: DigitReader | None = None
    problem: ModelStoreError | None = None
    notes: tuple[str, ...] = ()
    try:
        model = render_reader_choice({model.id: model for model in list_digit_models()})
        notes = model.notes
        reader = get_reader(model)
    except ModelStoreError as error:
        problem = error
    is_several = render_several_toggle()
    source = render_source_choice()
    return _Choices(source, is_several, model, reader, problem), notes


# A stroke reruns only this: it lists no models and draws no chart.
@st.fragment
def _render_work(choices: _Choices, width_px: int) -> None:
    """The input, and beside or below it the answer.

    Args:
        width_px: of the page's content.
    """
    problem = choices.problem
    ink: MultiDigitInput | None = None
    image: np.ndarray | None = None
    with st.container(key="draw_work"):
        with st.container(key="draw_card", border=True):
            try:
                ink = _render_input(choices, width_px)
            except InkError as error:
                problem = error
        with st.container(key="draw_number" if choices.is_several else "draw_answer"):
            try:
                if problem is not None:
                    render_problem(problem)
                elif ink is None:
                    _render_prompt(choices)
                elif choices.reader is not None and choices.is_several:
                    render_reading(ink, choices.reader)
                elif choices.reader is not None:
                    image = _render_one_digit(ink, choices.reader)
            except InkError as error:
                render_problem(error)
    if image is not None and choices.model is not None and st.session_state.get(LAYERS_KEY):
        try:
            observer = get_layer_observer(choices.model)
        except ModelStoreError as error:
            render_problem(error)
        else:
            st.html(build_layer_pictures(observer.compute(image)))


def _render_input(choices: _Choices, width_px: int) -> MultiDigitInput | None:
    """The canvas or a picture; returns its strokes or pixels."""
    if choices.source is not CANVAS:
        subject = "digits" if choices.is_several else "one digit"
        return render_picture_input(choices.source, subject)
    card_px = _CARD_PX if width_px > _PHONE_PX else 0
    drawing = render_canvas(width_px - card_px, is_wide=choices.is_several)
    return parse_drawing(drawing) if drawing["objects"] else None


def _render_prompt(choices: _Choices) -> None:
    source = choices.source
    if choices.is_several:
        render_several_prompt(source.multi_digit_prompt)
    else:
        render_prompt(source.prompt)
        _render_explanations()


def _render_one_digit(ink: MultiDigitInput, reader: DigitReader) -> np.ndarray:
    """Render the answer; returns the network's input."""
    if isinstance(ink, np.ndarray):
        prepared = prepare_picture(ink, reader.rate)
        if prepared.page is not None:
            _offer_several(prepared.page, reader)
    else:
        prepared = prepare_drawing(ink)
    answer = reader.read(prepared.image)
    occlusion = None
    if st.session_state.get(_WHY):
        occlusion = compute_occlusion(reader, prepared.image, [answer.digit])[0]
    render_answer(answer, prepared, occlusion)
    _render_explanations()
    return prepared.image


def _render_explanations() -> None:
    with st.container(horizontal=True, gap="medium"):
        render_toggle(
            "Why this answer",
            "Each patch of the image is covered in turn. Blue: the network needs the ink there "
            "for its answer. Grey: the ink there counts against it.",
            key=_WHY,
            persist_state="session",
        )
        render_toggle(
            "Inside the network",
            "The output of every layer for your digit, below. A convolution has one picture for "
            "each of its kernels: blue where the kernel finds its pattern, amber where it finds "
            "the opposite. Batch normalisation that follows a convolution directly is part of it.",
            key=LAYERS_KEY,
            persist_state="session",
        )


def _offer_several(page: InkMap, reader: DigitReader) -> None:
    """Offer to read all digits of a picture that seems to hold more than one."""
    digits = read_many_page(quantize_page(page), reader)
    if not looks_like_several(digits):
        return
    rows = format_rows([one for one in digits if one.answer.is_digit])
    number = " ".join(map("".join, rows))
    with st.container(horizontal=True, vertical_alignment="center", key="draw_offer"):
        st.info(f"This looks like several digits: {number}", icon=":material/numbers:")
        st.button(
            "Read all digits",
            key="draw_read_all",
            type="primary",
            on_click=callback(read_several, whole_page=True),
        )


def _pick_sample(digit: int, *, append: bool) -> None:
    select_canvas()
    draw_sample(digit, append=append)
