"""The Draw page: draw a digit or show a picture of one; it is read at once."""

import streamlit as st

from digitlab.errors import DigitlabError, InkError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.ink import PreparedInk, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import StoredModel
from digitlab.ui.draw.answer import (
    render_answer,
    render_blank,
    render_occlusion_map,
    render_preprocessing_steps,
    render_problem,
    render_prompt,
)
from digitlab.ui.draw.canvas import render_canvas, replace_drawing
from digitlab.ui.draw.input_source import (
    CANVAS,
    InputSource,
    render_picture_input,
    render_source_choice,
    select_canvas,
)
from digitlab.ui.draw.multi_digit import (
    MultiDigitInput,
    render_reading,
    render_several_toggle,
    render_wide_canvas,
)
from digitlab.ui.draw.samples import render_sample_strip
from digitlab.ui.draw.style import render_draw_style
from digitlab.ui.frame import page_header
from digitlab.ui.model_cache import get_reader, list_digit_models
from digitlab.ui.selectors import render_reader_choice
from digitlab.ui.text import render_error


def render_page() -> None:
    """Render the Draw page."""
    render_draw_style()
    _render_content()


# A stroke reruns only this, neither `app.py` nor the styles.
@st.fragment
def _render_content() -> None:
    with page_header("Draw a digit"):
        several = render_several_toggle()
        source = render_source_choice()
    try:
        models = {model.id: model for model in list_digit_models()}
    except ModelStoreError as error:
        render_error(error)
        return
    if several:
        _render_several_digits(source, models)
    else:
        _render_one_digit(source, models)


def _render_one_digit(source: InputSource, models: dict[str, StoredModel]) -> None:
    """The input on the left, the answer on the right."""
    left, right = st.columns([1, 1.15], gap="medium")
    prepared: PreparedInk | None = None
    problem: DigitlabError | None = None
    reader: DigitReader | None = None
    with left:
        try:
            prepared = _render_input(source)
        except InkError as error:
            problem = error
    with right:
        answer_container = st.container(key="draw_answer")
        model = render_reader_choice(models)
    try:
        reader = get_reader(model)
    except ModelStoreError as error:
        problem = error
    answer = reader.read(prepared.image) if prepared and reader else None
    with answer_container:
        if problem:
            render_problem(problem)
        elif answer:
            render_answer(answer)
        else:
            render_blank(source.prompt)
    _render_samples()
    if prepared and reader and answer:
        render_preprocessing_steps(prepared)
        render_occlusion_map(prepared, answer, reader)


def _render_input(source: InputSource) -> PreparedInk | None:
    """The input widget; returns the digit, preprocessed for the network."""
    if source is CANVAS:
        drawing = render_canvas()
        return prepare_drawing(parse_drawing(drawing)) if drawing["objects"] else None
    picture = render_picture_input(source, "one digit")
    return None if picture is None else prepare_picture(picture)


def _render_several_digits(source: InputSource, models: dict[str, StoredModel]) -> None:
    """A wide canvas or a picture, the answers below."""
    digits_input: MultiDigitInput | None = None
    problem: DigitlabError | None = None
    try:
        digits_input = (
            render_wide_canvas() if source is CANVAS else render_picture_input(source, "digits")
        )
    except InkError as error:
        problem = error
    answer_container = st.container(key="draw_number")
    model = render_reader_choice(models)
    with answer_container:
        try:
            if problem is None and digits_input is not None:
                render_reading(digits_input, get_reader(model))
        except (InkError, ModelStoreError) as error:
            problem = error
        if problem:
            render_problem(problem)
        elif digits_input is None:
            render_prompt(source.multi_digit_prompt)
    _render_samples()


def _render_samples() -> None:
    st.caption("Or try one of these")
    render_sample_strip("draw_samples", _pick_sample)


def _pick_sample(digit: int) -> None:
    select_canvas()
    replace_drawing(build_sample_drawing(digit))
