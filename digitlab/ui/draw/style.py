"""The styles of the Draw page."""

import streamlit as st

_CSS = """
<style>
/* The canvas component shows its toolbar above itself: it must not cover the page's controls. */
.st-key-page_header { position: relative; z-index: 30; }
.st-key-draw_canvas_steady { min-height: 300px; }
.st-key-draw_unseen { visibility: hidden; }
/* The space of the answer is reserved, so that nothing moves when it appears. */
.st-key-draw_answer { min-height: 24.5rem; }
.answer { display: flex; align-items: center; gap: 1.5rem; min-height: 9rem; }
.answer-digit { font-size: 8.5rem; line-height: 1; font-weight: 500; font-family: Georgia, serif; }
.answer-words { font-size: 1.35rem; line-height: 1.35; }
.answer-quiet { font-size: 1rem; opacity: 0.7; }
.answer-blank { font-size: 1.15rem; opacity: 0.7; }
.answer-unsure .answer-digit { opacity: 0.55; }
.number { font-family: Georgia, serif; font-weight: 500; line-height: 1.1; min-height: 7rem; }
.number-confidences { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; list-style: none;
  padding: 0 !important; margin: 0.4rem 0 0 !important; font-size: 0.95rem; min-height: 3rem;
  opacity: 0.8; }
.number-confidences > li { margin: 0 !important; padding: 0; font-size: inherit; }
.st-key-draw_number { min-height: 15rem; }
/* The component that measures the page takes no space. */
.st-key-draw_width { height: 0; margin-bottom: -1rem; }
.st-key-draw_steps_strip img { image-rendering: pixelated; }
@media (max-width: 640px) {
  .st-key-draw_answer { min-height: 7rem; }
  .answer { min-height: 7rem; gap: 1rem; }
  .number { min-height: 5rem; }
  .number-confidences { min-height: 1.5rem; }
  .st-key-draw_number { min-height: 21rem; }
  .st-key-draw_unseen { height: 0; overflow: hidden; }
  .st-key-draw_steps_strip { gap: 0.5rem; flex-flow: row wrap; }
  .st-key-draw_steps_strip div, .st-key-draw_steps_strip img { width: 6.2rem !important; }
  .st-key-draw_steps_strip > * { flex: 0 0 6.2rem !important; min-width: 0 !important; }
  .answer-digit { font-size: 6.5rem; }
}
</style>
"""


def render_draw_style() -> None:
    """Add the page's styles."""
    st.html(_CSS)
