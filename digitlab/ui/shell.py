"""Every page is entered through `app.py`, also when it is the first thing a server is asked for."""

import streamlit as st

_DRAW_ICON = ":material/draw:"
_ENTERED = "app_entered"


def list_pages() -> list[st.Page]:
    """The app's pages, in the order of the navigation."""
    return [
        # The first page's address is "/", whatever its path; a link to "/draw" must find it too.
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, url_path="home", default=True),
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, visibility="hidden"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/query_stats:"),
        st.Page("pages/models.py", title="Models", icon=":material/shelves:"),
    ]


def mark_entered() -> None:
    """Called by `app.py` at each run."""
    st.session_state[_ENTERED] = True


def enter_through_app() -> None:
    """Called first by each page: start again with `app.py` if that was passed by.

    A server that has not run `app.py` yet takes `pages/` for the whole app: a link to a page would
    run that page alone, without navigation and style. A call of `st.navigation` teaches it better.
    """
    if not st.session_state.get(_ENTERED):
        st.navigation(list_pages(), position="top")
        st.rerun()
