"""The styles of the Train page."""

import streamlit as st

from digitlab.figures.theme import CORRECT, TRAINING, VALIDATION, WRONG

# The theme's colours; its own variables reach into components only.
_PAPER = "light-dark(#fbf9f5, #1b1c1f)"
_BORDER = "light-dark(#ddd6c9, #3d4046)"
_PRIMARY = "light-dark(#2f5d9b, #7fa8dc)"
_CSS = f"""
<style>
.run-line {{ font-size: 1.25rem; line-height: 1.3; font-weight: 500; }}
/* As high as the curves, so that nothing moves when they appear. */
.run-blank {{ min-height: 430px; display: flex; align-items: center; justify-content: center; }}
.run-numbers {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0.6rem 1rem;
  margin: 0 !important; padding: 0 !important; }}
.run-numbers dt {{ font-size: 0.8rem; opacity: 0.8; }}
.run-numbers dd {{ margin: 0; font-size: 1.3rem; line-height: 1.3;
  font-variant-numeric: tabular-nums; }}
.run-note {{ font-size: 0.85rem; margin: 0.5rem 0 0; opacity: 0.85; }}
.finding {{ border-left: 4px solid {TRAINING}; padding: 0.15rem 0 0.15rem 0.8rem;
  margin: 0 0 0.5rem; }}
.finding-good {{ border-color: {CORRECT}; }}
.finding-problem {{ border-color: {VALIDATION}; }}
.finding-advice {{ opacity: 0.75; }}
.st-key-train_run_head > :first-child {{ flex: 1 1 16rem; }}
.st-key-train_recipes {{ display: grid; grid-template-columns: repeat(6, 1fr); gap: 0.5rem; }}
.st-key-train_recipes > * {{ width: 100%; height: 100%; }}
[class*="st-key-train_card_"] *:not(button *) {{ height: 100%; }}
[class*="st-key-train_card_"] button * {{ justify-content: flex-start; }}
[class*="st-key-train_card_"] button :is(div, p) {{ width: 100%; text-align: left; }}
[class*="st-key-train_card_"] button {{ padding: 0.45rem 0.7rem; text-align: left;
  justify-content: flex-start; align-items: flex-start; line-height: 1.35; }}
[class*="st-key-train_card_chosen"] button {{ border-color: {_PRIMARY};
  box-shadow: inset 0 0 0 1px {_PRIMARY}; }}
/* Streamlit wraps a container, and a box sticks only within its parent. */
[data-testid="stLayoutWrapper"]:has(> .st-key-train_start_bar) {{ position: sticky; bottom: 0;
  z-index: 2; background: {_PAPER}; }}
.st-key-train_start_bar {{ padding: 0.6rem 0; gap: 0.5rem; }}
.thumbnails {{ display: flex; flex-wrap: wrap; gap: 0.3rem; }}
.thumbnails img, .digit-strip img {{ width: 2rem; height: 2rem; image-rendering: pixelated;
  border-radius: 0.2rem; border: 1px solid {_BORDER}; display: block; }}
/* Rows reversed: the newest epoch is in sight when the table is wider than the page. */
.strip-scroll {{ display: flex; flex-direction: row-reverse; overflow-x: auto; }}
.digit-strip {{ border-collapse: separate; border-spacing: 2px; margin: 0 auto 0 0; width: auto; }}
.strip-title {{ font-size: 0.85rem; opacity: 0.85; margin: 0 0 0.3rem; }}
.digit-strip th, .digit-strip td {{ border: 0 !important; text-align: center; min-width: 2.1rem;
  padding: 0.1rem 0.2rem !important; font-variant-numeric: tabular-nums; }}
.digit-strip th {{ font-weight: 400; font-size: 0.8rem; opacity: 0.75; }}
.digit-strip tr > th:first-child {{ position: sticky; left: 0; z-index: 1; opacity: 1;
  background: {_PAPER}; }}
.cell-right {{ background: color-mix(in srgb, {CORRECT} var(--strength), transparent); }}
.cell-wrong {{ background: color-mix(in srgb, {WRONG} var(--strength), transparent); }}
.cell-unknown {{ background: color-mix(in srgb, {TRAINING} var(--strength), transparent); }}
/* What measures the page or waits for it takes no room. */
.st-key-train_width, .st-key-train_own_width, .st-key-train_unseen {{ height: 0;
  margin-bottom: -1rem; }}
@media (max-width: 1000px) {{
  .st-key-train_recipes {{ grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); }}
}}
@media (max-width: 640px) {{
  .run-line {{ font-size: 1.2rem; }}
  /* No view is hidden behind the edge. */
  .st-key-train_preview [role="radiogroup"] {{ flex-wrap: wrap; overflow: visible; }}
}}
</style>
"""


def render_train_style() -> None:
    """Add the page's styles."""
    st.html(_CSS)
