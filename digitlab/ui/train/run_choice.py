"""Which run is looked at, in which view; its address `?run=…` shows it to anybody."""

from collections.abc import Sequence

import streamlit as st

from digitlab.errors import RunError
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, list_runs
from digitlab.runs.status import describe_state
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback, defer_rerun, is_history_navigation

VIEWS = {
    "choose": ":material/tune: Choose",
    "watch": ":material/monitoring: Watch",
    "compare": ":material/compare_arrows: Compare",
}
# Streamlit drops a widget's state when its page is left; these keys are ours and stay.
_RUN = "train_run"
_VIEW = "train_view_kept"
# How often the page turned to a view by itself.
_TURNS = "train_turns"
_RUN_WIDGET = "train_run_choice"


def render_view_choice() -> str:
    """The three parts of the page; an address with a run opens the second."""
    state, asked = st.session_state, st.query_params.get("run")
    if _VIEW not in state or is_history_navigation():
        with defer_rerun():
            state[_RUN] = asked or state.get(_RUN)
            _turn_to("watch" if asked else "choose")
    # A new key after each turn: a browser that has not heard of the turn yet may still send what
    # the control showed before, and would turn the page back.
    key = f"train_view_{state[_TURNS]}"
    state.setdefault(key, state[_VIEW])
    with st.container(key="train_view", width="content"):
        view = render_segments("What to do", VIEWS, key=key)
    state[_VIEW] = view
    if view != "watch":
        # The address is what a refresh or another visitor sees.
        st.query_params.pop("run", None)
    return view


def show_run(run: Run) -> None:
    """Turn to a run in the second view; only from a callback."""
    st.session_state[_RUN] = run.id
    _turn_to("watch")
    st.query_params["run"] = run.id


def show_form() -> None:
    """Turn to the first view; only from a callback."""
    _turn_to("choose")


def _turn_to(view: str) -> None:
    st.session_state[_VIEW] = view
    st.session_state[_TURNS] = st.session_state.get(_TURNS, 0) + 1


def forget_run() -> None:
    """Look at no run in particular: the newest comes next."""
    st.session_state.pop(_RUN, None)
    st.query_params.pop("run", None)


def render_run_choice() -> Run | None:
    """The runs, the newest first; the one that is looked at, None if there is none at all."""
    runs = {run.id: run for run in list_runs()}
    asked = st.session_state.get(_RUN)
    if asked is not None and asked not in runs:
        st.warning(f"There is no run {asked} here: it was deleted, or the address is wrong.")
        forget_run()
        asked = None
    if not runs:
        return None
    state = st.session_state
    state[_RUN_WIDGET] = asked or next(iter(runs))
    chosen: str = st.selectbox(
        "Run",
        list(runs),
        format_func=lambda run_id: format_run(runs[run_id]),
        key=_RUN_WIDGET,
        on_change=callback(_turn_to_choice),
        label_visibility="collapsed",
    )
    state[_RUN] = st.query_params["run"] = chosen
    return runs[chosen]


def format_run(run: Run) -> str:
    """A run's name and where it stands, in few words."""
    try:
        return f"{get_run_name(run)} · {describe_state(inspect_run(run))}"
    except RunError:
        # Told in full where the run is looked at.
        return f"{get_run_name(run)} · damaged"


def get_run_name(run: Run) -> str:
    """A run's name for people: what it was called, else its id."""
    return run.read_meta().label or run.id


def get_unique_run_names(runs: Sequence[Run]) -> dict[str, str]:
    """Names by ids, no two the same."""
    names = {run.id: get_run_name(run) for run in runs}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {
        run_id: f"{name} ({run_id})" if name in twice else name for run_id, name in names.items()
    }


def _turn_to_choice() -> None:
    st.session_state[_RUN] = st.query_params["run"] = st.session_state[_RUN_WIDGET]
