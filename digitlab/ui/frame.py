"""The frame around every page: navigation, shared styles, and the entry point `app.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

ICON_PATH = Path(__file__).with_name("icon.svg")

_DRAW_ICON = ":material/draw:"
_APP_STARTED = "app_started"
_CSS = """
<style>
/* The content is 1,120 px wide; the space of the scroll bar is kept, so that no page is shifted. */
.stMain { scrollbar-gutter: stable; }
.stMainBlockContainer { padding: 4.5rem 1rem 3rem; max-width: 72rem; }
.st-key-page_header { min-height: 3rem; gap: 0.5rem 1rem; }
.st-key-page_header h1 { padding: 0; font-size: 1.75rem; line-height: 3rem; }
/* An element that replaces another one shares its grid cell, so that nothing moves meanwhile. */
[class*="_steady"] { display: grid; grid-template-columns: minmax(0, 1fr); }
[class*="_steady"] > * { grid-area: 1 / 1; width: 100%; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3.75rem 1rem 2rem; }
  .st-key-page_header > :first-child { flex-basis: 100% !important; }
  .st-key-page_header h1 { font-size: 1.5rem; line-height: 2.25rem; }
}
</style>
"""


def list_pages() -> list[st.Page]:
    """The app's pages, in the order of the navigation."""
    return [
        # The first page's URL is "/", whatever its path; a link to "/draw" must work too.
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, url_path="home", default=True),
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, visibility="hidden"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/query_stats:"),
        st.Page("pages/models.py", title="Models", icon=":material/shelves:"),
    ]


def mark_app_started() -> None:
    """Record that `app.py` has run; it calls this in each run."""
    st.session_state[_APP_STARTED] = True


def redirect_to_app() -> None:
    """Start again with `app.py` if it was bypassed. Every page calls this first.

    A server that has not run `app.py` yet takes `pages/` for the whole app: a link to a page
    would run that page alone, without navigation and styles. Calling `st.navigation` corrects it.
    """
    if not st.session_state.get(_APP_STARTED):
        st.navigation(list_pages(), position="top")
        st.rerun()


def render_style() -> None:
    """Add the shared styles to the page."""
    st.html(_CSS)


@contextmanager
def page_header(title: str) -> Iterator[None]:
    """Render the page's title; the block renders its views and controls beside it.

    On a phone they wrap below the title.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="page_header"):
        st.title(title, anchor=False, width="stretch")
        yield
