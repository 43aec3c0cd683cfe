"""Actions behind buttons: their errors are shown when the page runs again."""

from collections.abc import Callable, Collection

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error

_PROBLEM = "action_problem"


def report_errors(
    action: Callable[[], object], *, whole_page: bool = False, place: str = ""
) -> Callable[[], None]:
    """Wrap an action for use as a callback; `render_action_error` shows its error.

    Args:
        whole_page: rerun the whole page afterwards, also from within a fragment.
        place: where on a long page the error is shown.
    """

    def attempt() -> None:
        try:
            action()
        except DigitlabError as error:
            st.session_state[_PROBLEM] = (place, str(error))

    return callback(attempt, whole_page=whole_page)


def render_action_error(place: str | None = None, *, elsewhere: Collection[str] = ()) -> None:
    """Show the error of the last click, once.

    Args:
        place: show it if it belongs here; None shows an error of any place.
        elsewhere: but not of these places.
    """
    if _PROBLEM not in st.session_state:
        return
    its_place, problem = st.session_state[_PROBLEM]
    if its_place == place or (place is None and its_place not in elsewhere):
        del st.session_state[_PROBLEM]
        render_error(problem)
