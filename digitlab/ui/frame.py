"""The frame around every page: its header and the shared styles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

ICON_PATH = Path(__file__).with_name("icon.svg")

_CSS = """
<style>
/* Streamlit's muted text and white text on a light-blue button have a contrast of 2.4 to 4. */
:root { --muted: light-dark(#5d5f66, #a9aaad); --accent: light-dark(#2f5d9b, #9dbde6);
  --border: light-dark(#ddd6c9, #3d4046); }
/* Dialogs and popovers lie outside of the app, where Streamlit sets no colour scheme. */
:root { color-scheme: light dark; }
[data-testid="stCaptionContainer"] { color: var(--muted); opacity: 1; }
[data-testid="stBaseButton-primary"]:not(:disabled), .stMultiSelect [data-tag] * {
  color: light-dark(#fff, #14171c); }
[data-testid="stCode"] code, [data-testid="stCode"] code * { color: inherit !important; }
.stPlotlyChart :is(.xtick text, .ytick text, .xtitle, .ytitle) { fill: var(--muted) !important; }
/* The content is 1,120 px wide; the space of the scroll bar is kept, so that no page is shifted. */
.stMain { scrollbar-gutter: stable both-edges; }
.stMainBlockContainer { padding: 0.5rem 1rem 1.5rem; max-width: 72rem; }
/* Streamlit's own header lies over the navigation; it is empty unless a host adds buttons. */
.stAppHeader, .stAppToolbar { pointer-events: none; background: transparent; }
.stAppToolbar :is(a, button) { pointer-events: auto; }
.st-key-navigation { min-height: 3rem; gap: 0.25rem; flex-wrap: nowrap;
  border-bottom: 1px solid var(--border); }
.st-key-navigation > :has(.st-key-navigation_run) { width: auto; flex: none; margin-left: auto; }
.st-key-navigation_run p { font-variant-numeric: tabular-nums; white-space: nowrap; }
/* The label of the current page is bold: at a fixed width the others stay where they are. */
.st-key-navigation a { width: 4.75rem; padding: 0.35rem 0; margin: 0; justify-content: center; }
.st-key-page_header { min-height: 3rem; gap: 0.5rem 1rem; }
.st-key-page_header h1 { padding: 0; font-size: 1.75rem; line-height: 3rem; }
:is(a, button, summary, [tabindex]):not(.stMain):focus-visible {
  outline: 2px solid var(--accent) !important; outline-offset: 2px;
  box-shadow: none !important; }
/* Invisible components take no space. */
[class*="_canvas_pen"] { position: absolute; }
@media (max-width: 640px) {
  .stMain { scrollbar-gutter: auto; }
  .stMainBlockContainer { padding: 0.25rem 1rem 2rem; }
  .st-key-navigation a { width: 3.6rem; }
  .st-key-navigation a p { font-size: 0.85rem; }
  /* Only the number, which is bold, has room; screen readers still read the rest. */
  .st-key-navigation_run p { font-size: 0; }
  .st-key-navigation_run strong { font-size: 0.875rem; }
  .st-key-page_header > :first-child { flex-basis: 100% !important; }
  .st-key-page_header h1 { font-size: 1.5rem; line-height: 2.25rem; }
}
</style>
"""


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
