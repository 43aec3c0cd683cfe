"""Which view and which run are shown; the URL `?run=…` shares a run."""

import contextlib
from collections.abc import Callable, Sequence

import streamlit as st

from digitlab.errors import RunError
from digitlab.runs.control import find_active_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, get_run, list_runs
from digitlab.runs.status import describe_state
from digitlab.ui.selectors import View, get_labels, get_view, render_segments
from digitlab.ui.streamlit_internals import callback, defer_rerun, is_history_navigation
from digitlab.ui.text import escape_label, shorten
from digitlab.ui.visitor import get_owner

# Actions lead to these two views, so their ids are known here; the page has the list of all.
FORM_VIEW, RUN_VIEW = "form", "run"

# Between name and state of a run in the list.
_STATE_SEPARATOR = " · "

RenderView = Callable[[], None]

# Streamlit drops a widget's state when its page is left; these keys are kept.
_RUN = "train_run"
_VIEW = "train_view_kept"
# How often the view was changed by something other than its buttons.
_N_SWITCHES = "train_view_switches"
_RUN_WIDGET = "train_run_choice"


def render_view_choice(views: Sequence[View[RenderView]]) -> View[RenderView]:
    """Render the choice of a view; a URL with a run opens the run's view."""
    state, requested = st.session_state, st.query_params.get("run")
    if _VIEW not in state or is_history_navigation():
        with defer_rerun():
            state[_RUN] = requested or state.get(_RUN)
            _switch_view(RUN_VIEW if requested else FORM_VIEW)
    # Each switch gets a new key: a browser that has not received the switch yet may still send
    # the old selection, which would undo it.
    key = f"train_view_{state[_N_SWITCHES]}"
    state.setdefault(key, state[_VIEW])

    def handle_change() -> None:
        # Watch opens the active run, even if another one was shown last.
        running = find_active_run(owner=get_owner()) if state[key] == RUN_VIEW else None
        if running is not None:
            state[_RUN] = running.id

    with st.container(key="train_view", width="content"):
        view_id = render_segments(
            "View", get_labels(views), key=key, on_change=callback(handle_change)
        )
    state[_VIEW] = view_id
    if view_id != RUN_VIEW:
        st.query_params.pop("run", None)
    return get_view(views, view_id)


def show_run(run: Run) -> None:
    """Show a run; only from a callback."""
    st.session_state[_RUN] = run.id
    _switch_view(RUN_VIEW)
    st.query_params["run"] = run.id


def open_run_page(run: Run) -> None:
    """Show a run from another page, whose address stays as it is; only from a callback."""
    st.session_state[_RUN] = run.id
    _switch_view(RUN_VIEW)
    st.switch_page("pages/train.py", query_params={"run": run.id})


def show_form() -> None:
    """Show the settings form; only from a callback."""
    _switch_view(FORM_VIEW)


def deselect_run() -> None:
    """Select no run: the running or the newest one is shown next."""
    st.session_state.pop(_RUN, None)
    st.query_params.pop("run", None)


def list_known_runs() -> list[Run]:
    """The user's runs, the newest first, and that of another user whose address was opened."""
    runs = list_runs(owner=get_owner())
    requested = st.session_state.get(_RUN)
    if requested and requested not in {run.id for run in runs}:
        with contextlib.suppress(RunError):
            runs.append(get_run(requested))
    return runs


def render_run_choice(runs: Sequence[Run]) -> Run | None:
    """Render the choice of a run.

    Args:
        runs: at least one, the newest first.
    Returns:
        The chosen run; None while an unknown one is requested.
    """
    state = st.session_state
    if state.get(_RUN) is None:
        state[_RUN] = (find_active_run(owner=get_owner()) or runs[0]).id
    requested = state[_RUN]
    runs = hide_other_trials(runs)
    by_id = {run.id: run for run in runs}
    state[_RUN_WIDGET] = requested if requested in by_id else None
    st.selectbox(
        "Run",
        list(by_id),
        format_func=format_run_options(runs).__getitem__,
        key=_RUN_WIDGET,
        on_change=callback(_handle_run_choice),
        label_visibility="collapsed",
        placeholder="Choose a run",
    )
    # Setting it again would add an entry to the browser's history.
    if st.query_params.get("run") != requested:
        st.query_params["run"] = requested
    return by_id.get(requested)


def hide_other_trials(runs: Sequence[Run]) -> list[Run]:
    """The runs without the trials of searches, except for the search whose trial is shown.

    Searches have hundreds of trials, among which a user would not find a run.
    """
    studies = {run.id: find_study_id(run) for run in runs}
    shown = studies.get(st.session_state.get(_RUN, ""), "")
    return [run for run in runs if studies[run.id] in ("", shown)]


def find_study_id(run: Run) -> str:
    """The id of the search whose trial a run is; "" if there is none."""
    try:
        return run.read_meta().study
    except RunError:
        # The run's own view shows the error.
        return ""


def render_unknown_run() -> None:
    """Explain that the requested run does not exist."""
    requested = escape_label(st.session_state[_RUN])
    st.warning(f"There is no run “{requested}” here: it was deleted, or the link is wrong.")


def is_run_requested() -> bool:
    """Whether the URL or the user has asked for a run."""
    return st.session_state.get(_RUN) is not None


def format_run_options(runs: Sequence[Run]) -> dict[str, str]:
    """Unique names of runs with their state, by id, as plain text for a list.

    A browser sends back the text of an option: of two equal ones, only the first can be chosen.
    """
    names = get_unique_run_names(runs)
    return {run.id: names[run.id] + _STATE_SEPARATOR + _describe_run_state(run) for run in runs}


def get_run_name(run: Run) -> str:
    """A run's label as plain text; its id if it has none, or if its label cannot be read."""
    try:
        return shorten(run.read_meta().label) or run.id
    except RunError:
        return run.id


def get_unique_run_names(runs: Sequence[Run]) -> dict[str, str]:
    """The names of runs by id, with the id where two have the same name."""
    names = {run.id: get_run_name(run) for run in runs}
    all_names = list(names.values())
    return {
        run_id: name if all_names.count(name) == 1 else f"{name} ({run_id})"
        for run_id, name in names.items()
    }


def _describe_run_state(run: Run) -> str:
    try:
        return describe_state(inspect_run(run))
    except RunError:
        # The run's own view shows the error.
        return "damaged"


def _switch_view(view_id: str) -> None:
    st.session_state[_VIEW] = view_id
    st.session_state[_N_SWITCHES] = st.session_state.get(_N_SWITCHES, 0) + 1


def _handle_run_choice() -> None:
    """Show the chosen run.

    A browser sends the text of an option. It is no id but that text if the run's state, which is
    part of it, has changed since the page was rendered: the name before the state says which run.
    """
    chosen = st.session_state[_RUN_WIDGET]
    names = get_unique_run_names(hide_other_trials(list_known_runs()))
    if chosen not in names:
        name = str(chosen).rpartition(_STATE_SEPARATOR)[0]
        chosen = next((run_id for run_id in names if names[run_id] == name), None)
    if chosen is not None:
        st.session_state[_RUN] = st.query_params["run"] = chosen
