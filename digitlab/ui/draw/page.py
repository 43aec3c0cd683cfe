"""Draw: a person writes a digit, or shows a picture of one, and it is read at once."""

import streamlit as st

from digitlab.errors import DigitlabError, InkError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.ink import PreparedInk, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import StoredModel
from digitlab.ui.draw.answer import (
    render_answer,
    render_blank,
    render_error,
    render_invitation,
    render_occlusion_map,
    render_preprocessing_steps,
)
from digitlab.ui.draw.canvas import render_canvas, replace_drawing
from digitlab.ui.draw.input_source import render_picture_input, render_source_choice
from digitlab.ui.draw.multi_digit import (
    MultiDigitInput,
    render_reading,
    render_several_toggle,
    render_wide_canvas,
)
from digitlab.ui.draw.samples import render_sample_strip
from digitlab.ui.model_cache import get_reader, list_digit_models
from digitlab.ui.selectors import render_model_choice

INVITATIONS = {
    "draw": "Draw a digit, 0 to 9. It is read as you go.",
    "picture": "Choose a picture of one handwritten digit.",
    "camera": "Hold one handwritten digit into the camera.",
}
SEVERAL_INVITATIONS = {
    "draw": "Write a number, like 2026. It is read as you go.",
    "picture": "Choose a picture with one or more handwritten digits.",
    "camera": "Hold some handwritten digits into the camera.",
}


def render_input(way: str) -> PreparedInk | None:
    """The canvas, the uploader or the camera; returns the digit ready for the network."""
    if way == "draw":
        drawing = render_canvas()
        return prepare_drawing(parse_drawing(drawing)) if drawing["objects"] else None
    picture = render_picture_input(way, "one digit")
    return None if picture is None else prepare_picture(picture)


def pick_sample(digit: int) -> None:
    """Put a sample on the canvas."""
    st.session_state["draw_way"] = "draw"
    replace_drawing(build_sample_drawing(digit))


def render_head() -> tuple[str, bool]:
    """The title, and the choices: canvas, file or camera; one digit or several."""
    with st.container(horizontal=True, vertical_alignment="center", key="draw_head"):
        st.title("Draw a digit", width="stretch")
        several = render_several_toggle()
        way = render_source_choice()
    return way, several


def render_one(way: str, models: dict[str, StoredModel]) -> None:
    """One digit: what is drawn on the left, what is read on the right."""
    left, right = st.columns([1, 1.15], gap="medium")
    prepared: PreparedInk | None = None
    problem: DigitlabError | None = None
    reader: DigitReader | None = None
    with left:
        try:
            prepared = render_input(way)
        except InkError as error:
            problem = error
    with right:
        answer_place = st.container(key="draw_answer")
        model = render_model_choice(models)
    try:
        reader = get_reader(model)
    except ModelStoreError as error:
        problem = error
    answer = reader.read(prepared.image) if prepared and reader else None
    with answer_place:
        if problem:
            render_error(problem)
        elif answer:
            render_answer(answer)
        else:
            render_blank(INVITATIONS[way])
    render_samples()
    if prepared and reader and answer:
        render_preprocessing_steps(prepared)
        render_occlusion_map(prepared, answer, reader)


def render_several(way: str, models: dict[str, StoredModel]) -> None:
    """Several digits: a wide sheet, what is read below."""
    shown: MultiDigitInput | None = None
    problem: DigitlabError | None = None
    try:
        shown = render_wide_canvas() if way == "draw" else render_picture_input(way, "digits")
    except InkError as error:
        problem = error
    answer_place = st.container(key="draw_number")
    model = render_model_choice(models)
    with answer_place:
        try:
            if problem is None and shown is not None:
                render_reading(shown, get_reader(model))
        except (InkError, ModelStoreError) as error:
            problem = error
        if problem:
            render_error(problem)
        elif shown is None:
            render_invitation(SEVERAL_INVITATIONS[way])
    render_samples()


def render_samples() -> None:
    """Digits to click, for those who would rather not draw."""
    st.caption("Or try one of these")
    render_sample_strip("draw_samples", pick_sample)


@st.fragment
def render_page() -> None:
    """Everything that changes with a stroke; the rest of the page stays as it is."""
    way, several = render_head()
    try:
        models = {model.id: model for model in list_digit_models()}
    except ModelStoreError as error:
        st.error(str(error))
        return
    (render_several if several else render_one)(way, models)
