"""The actions on a run: stop, resume, rename, repeat, delete, save its model."""

import streamlit as st

from digitlab.errors import ModelExistsError, RunError
from digitlab.model_store.names import MAX_LABEL_LENGTH
from digitlab.model_store.saved_runs import find_saved_model
from digitlab.model_store.store import save_model
from digitlab.runs.control import (
    can_resume,
    can_test,
    delete_run,
    rename_run,
    resume_run,
    stop_run,
    test_run,
)
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.ui.actions import report_errors
from digitlab.ui.model_links import open_draw_page, open_evaluate_page
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown
from digitlab.ui.train.form import fill_form
from digitlab.ui.train.run_choice import (
    deselect_run,
    find_study_id,
    get_run_name,
    show_form,
)
from digitlab.ui.train.run_view import ACTIVE_PHASES, get_phase
from digitlab.ui.tune.study_choice import open_study_page
from digitlab.ui.visitor import get_owner, is_mine

# The run, the label and the question of a model that waits to be replaced.
_REPLACEMENT = "train_replacement"
# The id of the run whose deletion waits for a confirmation.
_DELETION = "train_deletion"
_N_SAVED = "train_n_saved"


def render_run_actions(run: Run) -> None:
    """Render the buttons that apply to the run's state, and to its user."""
    if not is_mine(run.owner):
        _render_others_run(run)
        return
    try:
        phase = get_phase(inspect_run(run))
    except RunError:
        # Damaged: it can still be deleted.
        phase = "damaged"
    is_active = phase in ACTIVE_PHASES
    with st.container(horizontal=True, width="content", key="train_actions"):
        if is_active:
            _render_stop(run, phase)
        elif phase != "damaged":
            if can_resume(run):
                _render_resume(run)
            if run.has_model:
                _render_save(run)
            elif can_test(run):
                st.button(
                    "Evaluate on the test set",
                    key="train_test",
                    icon=":material/query_stats:",
                    help="This is a trial of a search, which looks at the test set for the best "
                    "trial only. Afterwards its model can be saved.",
                    on_click=report_errors(lambda: test_run(run, owner=get_owner())),
                )
        _render_more(run, is_active=is_active)


def _render_others_run(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="train_actions"):
        _render_repeat(run)
        st.caption("Another user's run: you can watch, compare and repeat it.", width="content")


def _render_repeat(run: Run) -> None:
    st.button(
        "Use these settings again",
        key="train_duplicate",
        icon=":material/content_copy:",
        width="stretch",
        help="Copies the run's settings to the form.",
        on_click=report_errors(lambda: _copy_settings(run)),
    )


def _render_stop(run: Run, phase: str) -> None:
    is_requested = run.is_stop_requested()
    if phase == "queued":
        label, help_text = "Cancel", "Removes the run from the queue; nothing is trained yet."
    else:
        label, help_text = "Stop", "Stops after this batch. The best epoch so far is kept."
    st.button(
        "Stopping …" if is_requested else label,
        key="train_stop",
        icon=":material/stop_circle:",
        type="primary",
        help=help_text,
        disabled=is_requested,
        on_click=report_errors(lambda: stop_run(run, owner=get_owner())),
    )
    if is_requested or phase == "hanging":
        st.button(
            "Kill it now",
            key="train_stop_now",
            icon=":material/cancel:",
            help="Kills the process. Saved epochs are kept and the run can be resumed.",
            on_click=report_errors(lambda: stop_run(run, force=True, owner=get_owner())),
        )


def _render_resume(run: Run) -> None:
    n_done = len(run.read_history())
    n_missing = (run.read_meta().epochs or run.read_config().epochs) - n_done
    with st.popover("Resume", icon=":material/resume:", key=f"train_resume_{run.id}"):
        key = f"train_more_{run.id}_{n_done}"
        st.text_input("More epochs", str(n_missing if n_missing > 0 else 2), key=key)
        st.button(
            "Resume",
            key="train_resume",
            icon=":material/resume:",
            type="primary",
            help="Continues after the last epoch, with the same weights, optimizer and curves.",
            on_click=report_errors(lambda: _resume(run, st.session_state[key])),
        )


def _resume(run: Run, text: str) -> None:
    if not text.strip().isdecimal():
        raise RunError(f"“{text}” is not a number of epochs. Enter a whole number, 2 for example.")
    resume_run(run, epochs=int(text), owner=get_owner())


def _render_save(run: Run) -> None:
    # A new key makes a new, closed popover.
    popover_key = f"train_save_as_{run.id}_{st.session_state.get(_N_SAVED, 0)}"
    with st.popover("Save model", icon=":material/save:", key=popover_key):
        key = f"train_model_name_{run.id}"
        st.text_input("Model name", get_run_name(run), key=key, max_chars=MAX_LABEL_LENGTH)
        st.button(
            "Save",
            key="train_save",
            type="primary",
            icon=":material/save:",
            on_click=report_errors(lambda: _save(run, st.session_state[key])),
        )
        _render_replacement(run, st.session_state[key])


def render_saved_model(run: Run) -> None:
    """Offer what can be done with the run's model once it is saved."""
    model = find_saved_model(run, viewer=get_owner())
    if model is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="train_saved"):
        st.markdown(
            f":material/check_circle: The model is saved as **{escape_label(model.label)}**.",
            width="content",
        )
        if model.reads_digits:
            st.button(
                "Use on the Draw page",
                key="train_draw",
                icon=":material/draw:",
                on_click=callback(open_draw_page),
                args=(model.id,),
            )
        st.button(
            "Evaluate it",
            key="train_evaluate",
            icon=":material/query_stats:",
            on_click=callback(open_evaluate_page),
            args=(model.id,),
        )


def _render_replacement(run: Run, label: str) -> None:
    """Ask before a model of the same name is replaced."""
    run_id, refused_label, question = st.session_state.get(_REPLACEMENT, ("", "", ""))
    if (run_id, refused_label) != (run.id, label):
        return
    st.warning(escape_markdown(question))
    st.button(
        "Replace it",
        key="train_replace",
        icon=":material/swap_horiz:",
        on_click=report_errors(lambda: _save(run, label, replace=True)),
    )


def _save(run: Run, label: str, *, replace: bool = False) -> None:
    st.session_state.pop(_REPLACEMENT, None)
    try:
        model = save_model(run, label=label, replace=replace, owner=get_owner())
    except ModelExistsError as error:
        st.session_state[_REPLACEMENT] = (run.id, label, str(error))
        return
    st.session_state[_N_SAVED] = st.session_state.get(_N_SAVED, 0) + 1
    st.toast(f"{escape_label(model.label)} is saved.", icon=":material/save:")


def _render_more(run: Run, *, is_active: bool) -> None:
    """Less frequent actions, behind one button."""
    with st.popover("More", icon=":material/more_horiz:", key=f"train_other_{run.id}"):
        _render_repeat(run)
        key = f"train_name_{run.id}"
        st.text_input("Name", get_run_name(run), key=key, max_chars=MAX_LABEL_LENGTH)
        st.button(
            "Rename",
            key="train_rename",
            icon=":material/edit:",
            width="stretch",
            on_click=report_errors(
                lambda: rename_run(run, st.session_state[key], owner=get_owner())
            ),
        )
        _render_search(run)
        if not is_active:
            _render_delete(run)


def _render_search(run: Run) -> None:
    """The way from a trial back to its search."""
    study_id = find_study_id(run)
    if study_id:
        st.button(
            "Show its search",
            key="train_study",
            icon=":material/manage_search:",
            width="stretch",
            on_click=callback(open_study_page),
            args=(study_id,),
        )


def _render_delete(run: Run) -> None:
    """Ask before the run is deleted."""
    if st.session_state.get(_DELETION) != run.id:
        st.button(
            "Delete this run …",
            key="train_delete",
            icon=":material/delete:",
            width="stretch",
            on_click=callback(_ask_for_deletion),
            args=(run.id,),
        )
        return
    st.markdown("Delete its curves, weights and settings for good? Saved models are kept.")
    st.button(
        "Delete",
        key="train_delete_confirmed",
        icon=":material/delete:",
        type="primary",
        width="stretch",
        on_click=report_errors(lambda: _delete(run)),
    )
    st.button(
        "Keep the run",
        key="train_delete_cancelled",
        width="stretch",
        on_click=callback(_ask_for_deletion),
        args=(None,),
    )


def _ask_for_deletion(run_id: str | None) -> None:
    st.session_state[_DELETION] = run_id


def _delete(run: Run) -> None:
    delete_run(run, owner=get_owner())
    deselect_run()


def _copy_settings(run: Run) -> None:
    fill_form(run.read_config())
    show_form()
