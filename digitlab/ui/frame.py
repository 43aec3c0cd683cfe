"""Every page is entered through `app.py`, also when it is the first thing a server is asked for."""

from pathlib import Path

import streamlit as st

_DRAW_ICON = ":material/draw:"
_ENTERED = "app_entered"
_CSS = """
<style>
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; max-width: 60rem; }
/* The canvas shows a toolbar of its own above itself: it must not cover what is there. */
.st-key-draw_head { position: relative; z-index: 30; }
/* What replaces another lies where the other was, so that nothing jumps meanwhile. */
[class*="_steady"] { display: grid; grid-template-columns: minmax(0, 1fr); }
[class*="_steady"] > * { grid-area: 1 / 1; width: 100%; }
.st-key-draw_canvas_steady { min-height: 300px; }
.st-key-draw_unseen { visibility: hidden; }
/* The place of the answer is kept free, so that nothing moves when it comes. */
.st-key-draw_answer { min-height: 24.5rem; }
.answer { display: flex; align-items: center; gap: 1.5rem; min-height: 9rem; }
.answer-digit { font-size: 8.5rem; line-height: 1; font-weight: 500; font-family: Georgia, serif; }
.answer-words { font-size: 1.35rem; line-height: 1.35; }
.answer-quiet { font-size: 1rem; opacity: 0.7; }
.answer-blank { font-size: 1.15rem; opacity: 0.7; }
.answer-unsure .answer-digit { opacity: 0.55; }
.number { font-family: Georgia, serif; font-weight: 500; line-height: 1.1; min-height: 7rem; }
.number-shares { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; list-style: none;
  padding: 0 !important; margin: 0.4rem 0 0 !important; font-size: 0.95rem; min-height: 3rem;
  opacity: 0.8; }
.number-shares > li { margin: 0 !important; padding: 0; font-size: inherit; }
.st-key-draw_number { min-height: 15rem; }
/* What measures the page takes no room on it. */
.st-key-draw_width { height: 0; margin-bottom: -1rem; }
.st-key-draw_steps_strip img { image-rendering: pixelated; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3.75rem 1rem 2rem; }
  .st-key-draw_answer { min-height: 7rem; }
  .answer { min-height: 7rem; gap: 1rem; }
  .number { min-height: 5rem; }
  .number-shares { min-height: 1.5rem; }
  .st-key-draw_number { min-height: 21rem; }
  .st-key-draw_unseen { height: 0; overflow: hidden; }
  .st-key-draw_steps_strip { gap: 0.5rem; flex-flow: row wrap; }
  .st-key-draw_steps_strip div, .st-key-draw_steps_strip img { width: 6.2rem !important; }
  .st-key-draw_steps_strip > * { flex: 0 0 6.2rem !important; min-width: 0 !important; }
  .answer-digit { font-size: 6.5rem; }
}
</style>
"""


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


ICON_PATH = Path(__file__).with_name("icon.svg")


def render_style() -> None:
    """Put the styles on the page."""
    st.html(_CSS)
