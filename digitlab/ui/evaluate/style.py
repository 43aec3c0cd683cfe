"""The styles of the Evaluate page."""

import streamlit as st

from digitlab.figures.theme import CORRECT, REJECTED, WRONG

# In a dialog, which has no colour scheme, `light-dark()` is always light.
_LINE = "color-mix(in srgb, currentColor 20%, transparent)"
_CSS = f"""
<style>
.st-key-evaluate_model_row {{ gap: 0.25rem 1rem; }}
.st-key-evaluate_metrics {{ gap: 0.25rem 1.5rem; flex-wrap: wrap; justify-content: space-between; }}
.st-key-evaluate_metrics [data-testid="stMetricValue"],
.st-key-evaluate_coverage [data-testid="stMetricValue"] {{ font-size: 1.4rem; line-height: 1.3; }}
.st-key-evaluate_view {{ max-width: 100%; }}
/* On a phone no view is hidden behind the edge. */
@media (max-width: 640px) {{
  .st-key-evaluate_view [role="radiogroup"] {{ flex-wrap: wrap; overflow: visible; }} }}
.st-key-evaluate_filters > *, .st-key-evaluate_filters_more > * {{ min-width: 8rem; }}
.st-key-evaluate_cell_grid_container, .st-key-evaluate_compare_grid_container {{
  max-height: 22rem; overflow-y: auto; padding: 2px; }}
.st-key-evaluate_frequent_errors {{ gap: 0.4rem; }}
.st-key-evaluate_frequent_errors [data-testid="stButton"] {{ flex: 0 0 8.5rem; }}
.st-key-evaluate_frequent_errors [data-testid="stButton"] button {{ width: 100%; }}
/* Cells and points open what they stand for. */
.st-key-evaluate_matrix .draglayer .drag, .st-key-evaluate_feature_map .draglayer .drag {{
  cursor: pointer !important; }}
.st-key-evaluate_detail {{ min-height: 26rem; }}
.evaluate-count {{ font-size: 1.1rem; font-weight: 500; }}
.evaluate-large {{ width: min(100%, 12rem); aspect-ratio: 1; image-rendering: pixelated;
  border-radius: 0.5rem; border: 1px solid {_LINE}; display: block; }}
.evaluate-verdict {{ font-size: 1.1rem; border-left: 4px solid; padding-left: 0.6rem; }}
.evaluate-right {{ border-color: {CORRECT}; }}
.evaluate-wrong {{ border-color: {WRONG}; }}
.evaluate-row {{ display: flex; flex-wrap: wrap; gap: 0.35rem; align-items: center; }}
.evaluate-row > span {{ min-width: 6rem; font-size: 0.9rem; }}
.evaluate-row img {{ width: 3rem; height: 3rem; image-rendering: pixelated;
  border-radius: 0.2rem; border: 1px solid {_LINE}; }}
.evaluate-levels {{ display: flex; gap: 0.5rem; overflow-x: auto; padding-bottom: 0.4rem; }}
.evaluate-levels figure {{ margin: 0; text-align: center; flex: 0 0 4.4rem; font-size: 0.8rem; }}
.evaluate-levels img {{ width: 4rem; height: 4rem; image-rendering: pixelated;
  border-radius: 0.2rem; border: 1px solid {_LINE}; }}
.evaluate-levels figcaption {{ border-bottom: 3px solid; line-height: 1.3; padding-bottom: 2px; }}
.evaluate-levels b {{ display: block; }}
.evaluate-level-right {{ border-color: {CORRECT} !important; }}
.evaluate-level-wrong {{ border-color: {WRONG} !important; }}
.evaluate-level-rejected {{ border-color: {REJECTED} !important; border-bottom-style: dashed
  !important; }}
@media (max-width: 640px) {{
  .st-key-evaluate_metrics {{ gap: 0.3rem 1rem; justify-content: flex-start; }}
  .st-key-evaluate_metrics [data-testid="stMetricValue"] {{ font-size: 1.25rem; }}
  .evaluate-large {{ width: 8rem; }}
}}
</style>
"""


def render_evaluate_style() -> None:
    """Add the page's styles."""
    st.html(_CSS)
