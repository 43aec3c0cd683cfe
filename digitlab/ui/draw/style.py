"""The styles of the Draw page."""

import streamlit as st

_CSS = """
<style>
/* Canvas and answer side by side; below one another for several digits and on a phone. */
.st-key-draw_work { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 1rem 2rem;
  align-items: start; }
.st-key-draw_work:has(.st-key-draw_number) { grid-template-columns: minmax(0, 1fr); }
.st-key-draw_card { padding: 12px; gap: 0.5rem; overflow: hidden; }
.st-key-draw_work:not(:has(.st-key-draw_number)) > * > .st-key-draw_card { min-width: 446px; }
/* The component that measures the page takes no space, nor does the one that only listens. */
.st-key-draw_width { height: 0; margin-bottom: -1rem; }
.st-key-draw_paste { position: absolute; }
.st-key-draw_tools { gap: 0.5rem; }
.draw-answer { display: flex; flex-direction: column; gap: 0.9rem; }
.draw-headline, .draw-prompt { display: flex; align-items: center; gap: 1.5rem;
  min-height: 6.25rem; }
.draw-prompt { font-size: 1.15rem; color: var(--muted); }
.draw-digit { font-size: 7rem; line-height: 6.25rem; font-weight: 500;
  font-family: Georgia, serif; min-width: 4.2rem; text-align: center; }
.draw-certainty { font-size: 1.35rem; line-height: 1.35; }
.draw-quiet { font-size: 0.95rem; color: var(--muted); }
.draw-unsure .draw-digit { opacity: 0.6; }
.draw-bars, .draw-pictures, .draw-confidences { list-style: none; margin: 0 !important;
  padding: 0 !important; }
.draw-bars > li { display: grid; grid-template-columns: 1rem minmax(0, 1fr) 3.2rem; gap: 0.6rem;
  align-items: center; margin: 0 !important; padding: 0 !important; line-height: 1.25rem;
  font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.draw-bars > li > :nth-child(2) { height: 0.7rem; border-radius: 0.2rem; overflow: hidden;
  background: rgba(128, 132, 140, 0.15); }
.draw-bars > li > :last-child { text-align: right; color: var(--muted); }
.draw-bars i { display: block; height: 100%; background: rgba(128, 132, 140, 0.7); }
.draw-best { font-weight: 600; }
.draw-best i { background: var(--accent); }
.draw-pictures { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.draw-pictures > li { width: 112px; margin: 0 !important; padding: 0 !important;
  font-size: 0.8rem; line-height: 1.2; min-height: 9.2rem; }
.draw-frame { display: block; width: 112px; height: 112px; margin-bottom: 0.25rem;
  background: #fff; border: 1px solid rgba(128, 132, 140, 0.4); border-radius: 0.3rem;
  image-rendering: pixelated; box-sizing: border-box; }
div.draw-frame { background: rgba(128, 132, 140, 0.1); }
.draw-number { font-family: Georgia, serif; font-weight: 500; line-height: 1.1;
  min-height: 7rem; }
.draw-confidences { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; font-size: 0.95rem;
  min-height: 3rem; color: var(--muted); }
.draw-confidences > li { margin: 0 !important; padding: 0; font-size: inherit; }
/* The space of the number is reserved, so that nothing moves when it appears. */
.st-key-draw_number { min-height: 12.5rem; }
.st-key-draw_below > :first-child { flex: 1 1 auto; width: auto; }
.teach-digits { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.teach-digits figure { margin: 0; text-align: center; font-size: 0.8rem; }
.teach-digits img { width: 2.2rem; height: 2.2rem; image-rendering: pixelated; display: block;
  border: 1px solid var(--border); border-radius: 0.2rem; }
@media (max-width: 640px) {
  .st-key-draw_work { grid-template-columns: minmax(0, 1fr) !important; gap: 0.5rem; }
  .st-key-draw_card { padding: 0; border: none; min-width: 0 !important; }
  .draw-headline, .draw-prompt { min-height: 5rem; gap: 1rem; }
  .draw-digit { font-size: 5rem; line-height: 5rem; }
  .draw-pictures { gap: 0.5rem; }
  .draw-pictures > li, .draw-frame { width: 104px; min-height: 0; }
  .draw-frame { height: 104px; }
  .draw-number { min-height: 5rem; }
  .draw-confidences { min-height: 1.5rem; }
  .st-key-draw_number { min-height: 21rem; }
}
</style>
"""


def render_draw_style() -> None:
    """Add the page's styles."""
    st.html(_CSS)
