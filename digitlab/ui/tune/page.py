"""The Tune page: start a hyperparameter search, watch it, use its result."""

import streamlit as st

from digitlab.errors import DigitlabError, RunError
from digitlab.tuning.study import Study, get_study, list_studies
from digitlab.ui.actions import render_action_error
from digitlab.ui.frame import page_header
from digitlab.ui.streamlit_internals import callback, is_history_navigation
from digitlab.ui.text import render_error, shorten
from digitlab.ui.tune.form import render_form
from digitlab.ui.tune.study_choice import FORM, STUDY_KEY, show_study
from digitlab.ui.tune.study_view import render_delete, render_study
from digitlab.ui.visitor import get_owner, is_mine

_CHOICE = "tune_study_choice"


def render_page() -> None:
    """Render the form or the chosen study; the address `?study=…` names it."""
    state, requested = st.session_state, st.query_params.get("study")
    studies = {study.id: study for study in list_studies(owner=get_owner())}
    # On the way to the Train page, Streamlit adds an entry to the browser's history: this page,
    # already with the run. Back from there leads to it.
    is_on_the_way = st.query_params.pop("run", None) is not None and STUDY_KEY in state
    if STUDY_KEY not in state or (is_history_navigation() and not is_on_the_way):
        state[STUDY_KEY] = requested or FORM
    with page_header("Tune"):
        if studies:
            _render_choice(studies)
        else:
            st.caption("Search for good settings: many short trainings, compared.")
    render_action_error()
    shown = state[STUDY_KEY]
    if shown == FORM:
        st.query_params.pop("study", None)
        render_form(lambda study: show_study(study.id))
        return
    # Setting it again would add an entry to the browser's history.
    if requested != shown:
        st.query_params["study"] = shown
    try:
        # Others may watch a search whose address they have.
        study = studies.get(shown) or get_study(shown)
    except RunError:
        st.warning("There is no such study here: it was deleted, or the link is wrong.")
        return
    try:
        render_study(study)
    except DigitlabError as error:
        render_error(error)
        if is_mine(study.owner):
            # Damaged: it can still be deleted.
            render_delete(study)


def _render_choice(studies: dict[str, Study]) -> None:
    state = st.session_state
    options = [FORM, *studies]
    state[_CHOICE] = state[STUDY_KEY] if state[STUDY_KEY] in options else FORM

    def choose() -> None:
        state[STUDY_KEY] = state[_CHOICE]

    st.selectbox(
        "Study",
        options,
        format_func=lambda study_id: _describe(studies[study_id]) if study_id else "New search",
        key=_CHOICE,
        on_change=callback(choose),
        label_visibility="collapsed",
        width=360,
    )


def _describe(study: Study) -> str:
    """A text that is unique and does not change: a browser sends back the text of an option."""
    try:
        label = study.read_config().label
    except DigitlabError:
        label = ""
    return f"{shorten(label)} · {study.id}" if label else study.id
