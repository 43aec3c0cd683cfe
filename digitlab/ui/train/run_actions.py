"""What can be done with a run: stop, resume, rename, repeat, delete, keep."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.model_store.store import find_shelved, shelve_run
from digitlab.runs.control import can_resume, delete_run, rename_run, resume_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.train.form import fill_form
from digitlab.ui.train.run_choice import forget_run, get_run_name, show_form
from digitlab.ui.train.run_view import format_phase

_PROBLEM = "train_problem"


def report_errors(action: Callable[[], object]) -> Callable[[], None]:
    """An action as a callback; what goes wrong is shown by `render_error`, in its own words."""

    def attempt() -> None:
        try:
            action()
        except DigitlabError as error:
            st.session_state[_PROBLEM] = str(error)

    return callback(attempt)


def render_error() -> None:
    """What went wrong at the last click, once."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(problem)


def render_run_actions(run: Run) -> None:
    """The buttons that a run in this state needs."""
    phase = format_phase(inspect_run(run))
    with st.container(horizontal=True, vertical_alignment="bottom", key="train_steering"):
        if phase in ("live", "hanging", "queued"):
            _render_stop(run, phase)
        elif can_resume(run):
            _render_resume(run)
        if run.has_model and phase not in ("live", "hanging", "queued"):
            _render_shelve(run)
        _render_more(run, is_over=phase not in ("live", "hanging", "queued"))


def _render_stop(run: Run, phase: str) -> None:
    is_asked = run.is_stop_requested()
    if phase == "queued":
        label, help_text = "Cancel", "Leave the queue; nothing has been trained yet."
    else:
        label, help_text = "Stop", "After this batch. The best epoch so far is kept."
    st.button(
        "Stopping …" if is_asked else label,
        key="train_stop",
        icon=":material/stop_circle:",
        type="primary",
        help=help_text,
        disabled=is_asked,
        on_click=report_errors(lambda: stop_run(run)),
    )
    if is_asked or phase == "hanging":
        st.button(
            "End it now",
            key="train_stop_now",
            icon=":material/cancel:",
            help="Ends the process. The epochs that were saved are kept and can be resumed.",
            on_click=report_errors(lambda: stop_run(run, force=True)),
        )


def _render_resume(run: Run) -> None:
    """More epochs; optimizer state and history go on where they were."""
    n_done = len(run.read_history())
    planned = run.read_meta().epochs or run.read_config().epochs
    lacking = planned - n_done
    key = f"train_more_{run.id}_{n_done}"
    st.number_input(
        "More epochs",
        min_value=1,
        max_value=1000,
        value=lacking if lacking > 0 else 2,
        key=key,
        width=130,
    )
    st.button(
        "Resume",
        key="train_resume",
        icon=":material/resume:",
        type="primary",
        help="Goes on from the last epoch: weights, optimizer and curves continue.",
        on_click=report_errors(lambda: resume_run(run, epochs=int(st.session_state[key]))),
    )


def _render_shelve(run: Run) -> None:
    with st.popover("Keep", icon=":material/shelves:", key=f"train_keep_{run.id}"):
        key = f"train_shelf_name_{run.id}"
        st.text_input("Name on the shelf", get_run_name(run), key=key)
        st.button(
            "Put on the shelf",
            key="train_shelve",
            type="primary",
            icon=":material/shelves:",
            on_click=report_errors(lambda: _shelve(run, st.session_state[key])),
        )
    model = find_shelved(run)
    if model:
        st.button(
            "Draw with it",
            key="train_draw",
            icon=":material/draw:",
            type="primary",
            on_click=callback(_draw),
            args=(model.id,),
        )


def _draw(model_id: str) -> None:
    st.session_state["draw_model"] = model_id
    st.switch_page("pages/draw.py")


def _shelve(run: Run, label: str) -> None:
    shelve_run(run, label=label)
    st.toast(f"{label} is on the shelf.", icon=":material/shelves:")


def _render_more(run: Run, *, is_over: bool) -> None:
    """What is needed less often, behind one button."""
    with st.popover("More", icon=":material/more_horiz:", key=f"train_other_{run.id}"):
        st.button(
            "Use these settings again",
            key="train_duplicate",
            icon=":material/content_copy:",
            width="stretch",
            help="Fills the form with this run's settings.",
            on_click=report_errors(lambda: _duplicate(run)),
        )
        key = f"train_name_{run.id}"
        st.text_input("Name", get_run_name(run), key=key, max_chars=80)
        st.button(
            "Rename",
            key="train_rename",
            icon=":material/edit:",
            width="stretch",
            on_click=report_errors(lambda: rename_run(run, st.session_state[key])),
        )
        if is_over:
            st.button(
                "Delete this run",
                key="train_delete",
                icon=":material/delete:",
                width="stretch",
                help="Removes its curves, weights and settings. What is on the shelf stays.",
                on_click=report_errors(lambda: _delete(run)),
            )


def _delete(run: Run) -> None:
    delete_run(run)
    forget_run()


def _duplicate(run: Run) -> None:
    fill_form(run.read_config())
    show_form()
