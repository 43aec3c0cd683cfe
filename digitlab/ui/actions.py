"""Actions behind buttons: their errors are shown when the page runs again."""

from collections.abc import Callable, Collection

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown, render_error

_PROBLEM, _NOTICE = "action_problem", "action_notice"


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


def notify(text: str, icon: str) -> None:
    """Show a short message when the page runs next; only from a callback.

    `st.toast` itself, in a callback of a fragment, would replace the styles of the whole page.

    Args:
        text: plain text.
    """
    st.session_state[_NOTICE] = (text, icon)


def render_notice() -> None:
    """Show the message of the last click, once."""
    if _NOTICE in st.session_state:
        text, icon = st.session_state.pop(_NOTICE)
        st.toast(escape_markdown(text), icon=icon)


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
