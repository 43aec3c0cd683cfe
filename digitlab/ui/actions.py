"""Actions behind buttons: their errors are shown when the page runs again."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error

_PROBLEM = "action_problem"


def report_errors(action: Callable[[], object], *, whole_page: bool = False) -> Callable[[], None]:
    """Wrap an action for use as a callback; `render_action_error` shows its error.

    Args:
        whole_page: rerun the whole page afterwards, also from within a fragment.
    """

    def attempt() -> None:
        try:
            action()
        except DigitlabError as error:
            st.session_state[_PROBLEM] = str(error)

    return callback(attempt, whole_page=whole_page)


def render_action_error() -> None:
    """Show the error of the last click, once."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        render_error(problem)
